// A machine makes itself known, changes its host key, and is confirmed, renamed, limited and forgotten: with nothing but stock ssh.
import { randomUUID } from 'node:crypto';
import t from 'tap';
import { openssh } from '../support/openssh.ts';
import { JumpTeam } from '../support/jump.ts';
import type { SshKey } from '../support/ssh-keys.ts';
import { makeKey } from '../support/ssh-keys.ts';
import type { Told } from '../support/admin-by-ssh.ts';

const team = await JumpTeam.start(t, ['--hold', '10ms']);
const { machine } = await team.machine({ env: 'pr-42' });
const [hostKey] = machine.hostKeys;
const lines = (keys: readonly SshKey[]): string => keys.map(({ line }) => `${line} root@machine\n`).join('');

/** `cat ssh_host_*_key.pub | ssh pr-42@gateway target report`, with the key that the machine dials in with. */
async function report(words: string, keys = machine.hostKeys, env = 'pr-42'): Promise<Told> {
  const args = ['-o', 'LogLevel=ERROR'];
  const ssh = openssh(t, {
    port: team.gateway.port,
    key: team.keys.vm,
    user: env,
    args,
    command: [`target report ${words}`],
  });
  ssh.write(lines(keys));
  ssh.end();
  const { code } = await ssh.exit;
  return { code, stdout: ssh.stdout, stderr: ssh.stderr };
}

interface Shown {
  readonly id: string;
  readonly name: string;
  readonly warning: string | null;
}
const show = async (name: string): Promise<Shown> =>
  (await team.told('root', ['target', 'show', name])) as Shown;
const id = randomUUID();

t.test('a machine reports itself over its own connection', async (t) => {
  const told = await report(`--id ${id} --os-user dev --json`);
  t.equal(told.code, 0, told.stderr);
  t.match(JSON.parse(told.stdout), { kind: 'new', id, name: 'pr-42', env: 'pr-42' });
  t.match(JSON.parse((await report(`--id ${id} --os-user dev --json`)).stdout), { kind: 'known', id });
  t.match(await show('pr-42'), {
    ...{ id, name: 'pr-42', env: 'pr-42', owner: 'vm', osUser: 'dev', state: 'online', origin: 'reported' },
    ...{ hostKeys: [hostKey?.line.split(' ', 2).join(' ')], unconfirmed: null, warning: null },
    ...{ certificates: false, reach: 'members', services: [], gates: ['default'] },
  });
  const text = await team.command('ana', 'target show pr-42');
  t.match(text.stdout, /^pr-42\n {2}uuid +[0-9a-f-]{36}\n[^]*host key +SHA256:\S+ \(ED25519\)\n/);
  t.match(await team.command('ana', 'target list'), {
    code: 0,
    stdout: /^NAME +ENV +OWNER .*UUID\npr-42 +pr-42 +vm +dev +online +no +members +[0-9a-f-]{36}\n$/,
  });
});

t.test('who may not reach it is told of nothing', async (t) => {
  const nothing = await team.command('bob', ['target', 'show', 'nothing-there']);
  const there = await team.command('bob', ['target', 'show', 'pr-42']);
  t.equal(there.stderr.replace('pr-42', 'nothing-there'), nothing.stderr);
  t.equal(there.code, 1);
  t.match(await team.command('bob', 'target list --json'), { code: 0, stdout: '[]\n' });
  t.match(await team.command('eve', `target show ${id}`), { code: 1, stderr: /there is no machine/ });
  t.match(await team.command('bob', `target rm ${id}`), { code: 1, stderr: /there is no machine/ });
});

t.test('a host key that changes is a warning until a person has confirmed it', async (t) => {
  const other = makeKey(t);
  const told = await report(`--id ${id} --json`, [other]);
  t.equal(told.code, 0, told.stderr);
  t.match(JSON.parse(told.stdout), { kind: 'unconfirmed', id, warning: /^WARNING: / });
  t.match(told.stderr, /WARNING: since .* pr-42 shows host keys that nobody has confirmed: SHA256:/);
  t.match(await team.command('ana', 'target list'), {
    stdout: /online, unconfirmed!/,
    stderr: /WARNING: since/,
  });
  t.match(await show('pr-42'), { warning: /WARNING/, unconfirmed: { hostKeys: [/ssh-ed25519/] } });

  t.match(await team.command('vm', 'target trust pr-42'), { code: 3, stderr: /stole a machine's key/ });
  t.match(await team.command('ana', 'target trust pr-42'), { code: 3, stderr: /pr-42 is vm's/ });
  const trusted = await team.command('root', 'target trust pr-42');
  t.match(trusted, {
    code: 0,
    stdout: /is trusted with these host keys[^]*SHA256:[^]*instead of:[^]*SHA256:/,
  });
  t.match(await show('pr-42'), { warning: null, hostKeys: [other.line.split(' ', 2).join(' ')] });
  t.match(await team.command('root', 'target trust pr-42'), { code: 0, stdout: /nothing to confirm/ });
  t.match(JSON.parse((await report(`--id ${id} --json`, [other])).stdout), { kind: 'known' });
});

t.test('who it is, and who may reach it, is said by its owner or an administrator', async (t) => {
  t.match(await team.command('root', 'target rename pr-42 shop'), {
    code: 0,
    stdout: /pr-42 is called shop now/,
  });
  t.match(await team.command('root', 'target set shop --os-user - --reach grants --service ssh --json'), {
    code: 0,
    stdout: /"osUser":null.*"reach":"grants","services":\["ssh"\]/,
  });
  t.match(await team.command('ana', 'target list --json'), { stdout: '[]\n' });
  t.match(await team.command('root', 'target set shop --reach members --all-services'), { code: 0 });
  t.match(await team.command('ana', `target show ${id.slice(0, 8)}`), { code: 0, stdout: /^shop\n/ });
  t.match(await team.command('ana', 'target set shop --reach owner'), { code: 3 });
  t.match(await team.command('root', 'target set shop'), { code: 2, stderr: /nothing to set/ });
  t.match(await team.command('root', 'target set shop --os-user "a b"'), { code: 2, stderr: /--os-user/ });
  t.match(await team.command('root', 'target rename shop localhost'), { code: 1, stderr: /reserved/ });
});

t.test('one that is added by hand, from what ssh-keyscan prints', async (t) => {
  const scanned = `# 192.0.2.7:22 SSH-2.0-OpenSSH_9.2\n[192.0.2.7]:22 ${makeKey(t).line}\n`;
  const added = await team.command('root', 'target create pr-42 --name by-hand --json', scanned);
  t.match(added, { code: 0, stdout: /"name":"by-hand","env":"pr-42","owner":"vm"/ });
  t.match(await team.command('ana', 'target create pr-42', scanned), { code: 1, stderr: /no environment/ });
  t.match(await team.command('vm', 'target create pr-42', scanned), { code: 3 });
  t.match(await team.command('root', 'target create pr-42 keys.pub', scanned), {
    code: 2,
    stderr: /standard input/,
  });
  t.match(await team.command('root', 'target create pr-42', 'what is this\n'), { code: 1, stderr: /line 1/ });
  t.match(await team.command('root', 'target create pr-42', ''), { code: 1, stderr: /no host key/ });
  t.match(await team.command('root', 'target rm by-hand'), { code: 0, stdout: /removed by-hand/ });
  t.match(await team.command('root', 'target rm by-hand'), { code: 1, stderr: /there is no machine/ });
});

t.test('reports that are not taken', async (t) => {
  t.match(await report('--json', machine.hostKeys, 'main'), {
    code: 1,
    stderr: /no environment main of yours/,
  });
  t.match(await report('--id 1234'), { code: 2, stderr: /--id "1234" is no UUID/ });
  t.match(await report('', []), { code: 2, stderr: /no host key/ });
  const { env } = await team.machine({ env: 'pr-43' });
  const twice = await report(`--id ${id} --json`, [makeKey(t)], env);
  t.equal(twice.code, 1);
  t.match(twice.stderr, /\(ERR_CONFLICT\)/);
  t.match(JSON.parse(twice.stdout), { kind: 'conflict' });
});
