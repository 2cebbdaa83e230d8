// Gates, their keys and machines, and profiles are made, read, changed and removed with the client.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { fingerprint } from '../../core/fingerprint.ts';
import { FakeSurroundings } from '../client/fake-surroundings.ts';
import { JumpTeam, over, type Name } from '../support/jump.ts';
import { reaching } from '../support/porthole.ts';
import type { Told } from '../support/admin-by-ssh.ts';

const team = await JumpTeam.start(t, ['--hold', '10ms']);
const { machine } = await team.machine({ env: 'pr-1' });
const pub = `${machine.hostKeys[0]?.path ?? ''}.pub`;

const [ana, vm] = [fingerprint(team.keys.ana.blob), fingerprint(team.keys.vm.blob)];

/** `porthole WORDS`, as somebody. */
async function run(t: Test, who: Name, ...words: string[]): Promise<Told> {
  const user = new FakeSurroundings(t);
  const code = await user.run(...words, '-i', team.keys[who].path, ...reaching(team.gateway));
  return { code, stdout: user.stdout.join('\n'), stderr: user.stderr.join('\n') };
}

const json = async (t: Test, who: Name, ...words: string[]): Promise<unknown> =>
  JSON.parse((await run(t, who, ...words, '--json')).stdout) as unknown;

t.test('a machine is added from the files of its host keys', async (t) => {
  const added = await run(t, 'root', 'target', 'create', 'pr-1', pub, '--os-user', machine.user);
  t.match(added, {
    code: 0,
    stdout: /^added pr-1 \([0-9a-f-]{36}\)\n {2}SHA256:\S+ \(ED25519\)/,
    stderr: '',
  });
  t.match(await json(t, 'ana', 'target', 'show', 'pr-1'), { name: 'pr-1', state: 'online', origin: 'added' });
  const secret = join(machine.hostKeys[0]?.path ?? '');
  const refused = await run(t, 'root', 'target', 'create', 'pr-1', secret);
  t.match(refused, { code: 1, stderr: /is an OpenSSH private key; nothing of it was sent/ });
  t.notOk(refused.stderr.includes(readFileSync(secret, 'utf8').split('\n')[2] ?? '-'));
  t.match(await run(t, 'root', 'target', 'create', 'pr-1', '/nowhere.pub'), { code: 1, stderr: /no file/ });
  t.match(await run(t, 'root', 'target', 'create', 'pr-1'), { code: 2, stderr: /FILE|file/ });
});

t.test('a gate of its own: for listed keys, to listed machines', async (t) => {
  t.match(await json(t, 'ana', 'gate', 'list'), [
    { name: 'default', default: true, keys: 'any', targets: 'any', mayUse: true, keyCount: null },
  ]);
  t.match(await run(t, 'ana', 'gate', 'create', 'mine'), { code: 3, stderr: /for administrators/ });
  const made = await run(
    t,
    'root',
    'gate',
    'create',
    'contractors',
    '--host',
    'gate.example.com',
    '--port',
    '22',
  );
  t.match(made, { code: 0, stdout: /made gate contractors/, stderr: /nobody may use[^]*leads nowhere/ });
  const through = (): Promise<Told> => over(team.ssh('ana', ['-J', 'contractors@gw', 'pr-1', 'true']));
  t.match(await through(), { code: 255, stderr: /does not take your key/ });

  t.match(await run(t, 'root', 'gate', 'add-key', 'contractors', ana), {
    code: 0,
    stdout: /^ana\S* may use/,
  });
  t.match(await run(t, 'root', 'gate', 'add-key', 'contractors', ana), { code: 1, stderr: /already/ });
  t.match(await run(t, 'root', 'gate', 'add-key', 'contractors', vm), {
    code: 0,
    stderr: /is a machine's/,
  });
  t.match(await json(t, 'root', 'gate', 'keys', 'contractors'), {
    keys: [
      { principal: 'ana', role: 'member', known: true, usable: true },
      { principal: 'vm', role: 'machine' },
    ],
  });
  t.match(await through(), { code: 255, stderr: /does not lead to this machine/ });
  t.match(await run(t, 'root', 'gate', 'add-target', 'contractors', 'pr-1'), { code: 0 });
  t.match(await run(t, 'root', 'gate', 'targets', 'contractors'), {
    code: 0,
    stdout: /pr-1 +pr-1 +vm +online/,
  });
  t.match(await json(t, 'ana', 'target', 'show', 'pr-1'), { gates: ['contractors', 'default'] });
  t.match(await json(t, 'ana', 'gate', 'show', 'contractors'), {
    ...{ host: 'gate.example.com', port: 22, keyCount: 2, targetCount: 1, mayUse: true },
  });
  t.match(await run(t, 'root', 'gate', 'rm-key', 'contractors', ana), { code: 0, stdout: /any more/ });
  t.match(await through(), { code: 255, stderr: /does not take your key/ });
  t.match(await run(t, 'root', 'gate', 'rm-target', 'contractors', 'pr-1'), { code: 0 });
  t.match(await run(t, 'root', 'gate', 'rm-target', 'contractors', 'pr-1'), {
    code: 1,
    stderr: /has no machine/,
  });
});

t.test('a gate is changed and removed; the default one stays', async (t) => {
  t.match(await run(t, 'root', 'gate', 'add-key', 'default', ana), {
    code: 1,
    stderr: /gate set default --keys listed/,
  });
  t.match(await json(t, 'root', 'gate', 'set', 'contractors', '--name', 'ops', '--host', '-', '--port=-'), {
    ...{ name: 'ops', host: 'localhost', port: team.gateway.port, ownAddress: true },
  });
  t.match(await run(t, 'root', 'gate', 'set', 'ops', '--keys', 'nobody'), {
    code: 2,
    stderr: /any or listed/,
  });
  t.match(await run(t, 'root', 'gate', 'set', 'ops'), { code: 2, stderr: /nothing to set/ });
  t.match(await run(t, 'root', 'gate', 'set', 'default', '--keys', 'listed'), {
    code: 0,
    stderr: /nobody may use the gate default: gate add-key default KEY/,
  });
  t.match(await over(team.ssh('ana', ['pr-1', 'true'])), { code: 255, stderr: /does not take your key/ });
  t.match(await run(t, 'root', 'gate', 'set', 'default', '--keys', 'any'), { code: 0, stderr: '' });
  t.match(await run(t, 'root', 'gate', 'rm', 'default'), { code: 1, stderr: /default gate stays/ });
  t.match(await run(t, 'root', 'gate', 'rm', 'ops'), { code: 0, stdout: /removed gate ops/ });
  t.match(await run(t, 'ana', 'gate', 'show', 'ops'), { code: 1, stderr: /there is no gate ops/ });
});

t.test('profiles are one’s own', async (t) => {
  const made = ['target', 'profile', 'create', 'deploy', 'pr-1', '--os-user', 'dev'];
  t.match(await json(t, 'ana', ...made, '--identity-file', '~/.ssh/deploy'), {
    ...{ name: 'deploy', target: { name: 'pr-1' }, osUser: 'dev', identityFile: '~/.ssh/deploy' },
  });
  t.match(await run(t, 'ana', ...made), { code: 1, stderr: /deploy/ });
  t.match(await json(t, 'root', 'target', 'profile', 'list'), []);
  t.match(await run(t, 'root', 'target', 'profile', 'show', 'deploy'), {
    code: 1,
    stderr: /no profile deploy of yours/,
  });
  t.match(await run(t, 'ana', 'target', 'profile', 'list'), {
    code: 0,
    stdout: /deploy +pr-1 +dev +~\/.ssh\/deploy/,
  });
  t.match(
    await json(
      t,
      'ana',
      'target',
      'profile',
      'set',
      'deploy',
      '--name',
      'w',
      '--os-user',
      '-',
      '--identity-file',
      '-',
    ),
    { name: 'w', osUser: null, identityFile: null },
  );
  t.match(await run(t, 'ana', 'target', 'profile', 'show', 'w'), { code: 0, stdout: /^w\n {2}target +pr-1/ });
  t.match(await run(t, 'ana', 'target', 'profile', 'create', 'x', 'nothing'), {
    code: 1,
    stderr: /no machine/,
  });
  t.match(await run(t, 'ana', 'target', 'profile', 'rm', 'w'), { code: 0, stdout: /removed profile w/ });
  t.match(await json(t, 'ana', 'target', 'profile', 'list'), []);
});
