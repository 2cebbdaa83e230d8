import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fingerprint } from '../../core/fingerprint.ts';
import { commandsBySsh } from '../support/admin-by-ssh.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { over } from '../support/jump.ts';
import { lowPort } from '../support/low-port.ts';
import { openssh } from '../support/openssh.ts';
import { startPostgres } from '../support/postgres.ts';
import { Program } from '../support/program.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { startSshAgent } from '../support/ssh-agent.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { dialOut, SshMachine } from '../support/ssh-machine.ts';

// What docs/GATE.md tells to do, with nothing but stock programs; the operator's key is also the machine's.
t.test('from nothing to ssh, scp, rsync and psql on a machine, and to its end', async (t) => {
  const { gateway, key: operator } = await startGateway(t);
  const ana = makeKey(t);
  const machine = await SshMachine.start(t, { clients: [ana] });
  const database = await startPostgres(t);

  const forwards = [`db:5432:127.0.0.1:${String(database.port)}`];
  const { ssh: tunnel } = await dialOut(t, gateway, machine, { key: operator, env: 'pr-42', forwards });
  const report = openssh(t, {
    port: gateway.port,
    key: operator,
    user: 'pr-42',
    command: ['target', 'report'],
  });
  report.write(machine.hostKeys.map(({ path }) => readFileSync(`${path}.pub`, 'utf8')).join(''));
  t.match(await over(report), { code: 0 });
  const operate = commandsBySsh(t, gateway, operator);
  const added = await operate(['key', 'add', '--name', 'ana', '--role', 'member', '--env', 'pr-*'], ana.line);
  t.match(added, { code: 0 });

  const dir = scratchDir(t);
  const agent = await startSshAgent(t);
  agent.add(ana.path);
  const run = (file: string, args: readonly string[]): Program =>
    new Program(t, file, args, { cwd: dir, env: { SSH_AUTH_SOCK: agent.socket, HOME: dir } });
  const told = await commandsBySsh(t, gateway, ana)(['ssh-config', '--all']);
  t.match(told, { code: 0 });
  const config = join(dir, 'preview.conf');
  writeFileSync(config, told.stdout);
  const [target] = JSON.parse((await operate(['target', 'list', '--json'])).stdout) as [{ id: string }];

  for (const name of ['pr-42', target.id]) {
    const ssh = await over(run('ssh', ['-F', config, '-o', 'BatchMode=yes', name, 'echo', 'there']));
    t.same(ssh, { code: 0, stdout: 'there\n', stderr: '' }, name);
  }
  writeFileSync(join(dir, 'file'), 'x'.repeat(100_000));
  t.match(await over(run('scp', ['-q', '-F', config, 'file', `pr-42:${machine.dir}/by-scp`])), { code: 0 });
  const rsync = ['-e', `ssh -F ${config}`, 'file', `pr-42:${machine.dir}/by-rsync`];
  t.match(await over(run('rsync', rsync)), { code: 0 });
  for (const copy of ['by-scp', 'by-rsync']) t.equal(readFileSync(join(machine.dir, copy)).length, 100_000);

  const gate = /^Host (\S+)/m.exec(told.stdout)?.[1] ?? '';
  const local = String(await lowPort());
  const forward = run('ssh', ['-v', '-F', config, '-N', '-L', `127.0.0.1:${local}:db.pr-42:5432`, gate]);
  await forward.said(/Entering interactive session/);
  const psql = ['-X', '-h', '127.0.0.1', '-p', local, '-U', database.user, '-d', 'postgres', '-At'];
  t.match(await over(run('psql', [...psql, '-c', 'select 6 * 7'])), { code: 0, stdout: '42\n' });

  const stranger = await startSshAgent(t);
  stranger.add(makeKey(t).path);
  const refused = new Program(t, 'ssh', ['-F', config, '-o', 'BatchMode=yes', 'pr-42', 'true'], {
    env: { SSH_AUTH_SOCK: stranger.socket },
  });
  t.equal((await over(refused)).code, 255);
  t.match(refused.stderr, /Permission denied/);

  const session = run('ssh', ['-F', config, 'pr-42', 'echo in; cat']);
  await session.said(/in/);
  const live = JSON.parse((await operate(['sessions', '--json'])).stdout) as {
    id: string;
    fingerprint: string;
    service: string | null;
  }[];
  const [found] = live.filter(({ service }) => service === 'ssh');
  t.equal(found?.fingerprint, fingerprint(ana.blob));
  t.match(await operate(['kill', String(found?.id), '--reason', 'lunch']), { code: 0 });
  t.equal((await session.exit).code, 255);
  t.match(session.stderr, /lunch/);

  tunnel.kill();
  await gateway.line((line) => line.msg === 'tunnel closed' && line['env'] === 'pr-42');
});
