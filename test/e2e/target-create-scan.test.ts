import t from 'tap';
import { fingerprint } from '../../core/fingerprint.ts';
import { JumpTeam, over } from '../support/jump.ts';
import { porthole, reaching } from '../support/porthole.ts';
import { makeKey } from '../support/ssh-keys.ts';

const team = await JumpTeam.start(t);

function create(...args: readonly string[]) {
  const words = ['target', 'create', ...args, ...reaching(team.gateway), '-i', team.keys.root.path];
  return over(porthole(t, words));
}

t.test('a machine of stock ssh is added with the host keys that the gate leads to', async (t) => {
  const hostKeys = [makeKey(t), makeKey(t, { type: 'rsa', bits: 2048 })];
  const { machine } = await team.machine({ hostKeys });
  const { code, stdout } = await create('pr-1', '--scan', '--os-user', machine.user);
  t.equal(code, 0);
  for (const { blob } of hostKeys) t.match(stdout, fingerprint(blob));
  t.match(await team.told('ana', ['target', 'show', 'pr-1']), {
    origin: 'added',
    state: 'online',
    osUser: machine.user,
    hostKeys: hostKeys.map(({ line }) => line),
  });
  t.notMatch(machine.log, /Failed|Invalid user/, 'nobody tried to log in');
});

t.test('as one line of JSON', async (t) => {
  const { machine } = await team.machine({ env: 'pr-2' });
  const { code, stdout } = await create('pr-2', '--scan', '--name', 'second', '--json');
  t.equal(code, 0);
  const [key] = machine.hostKeys;
  t.match(JSON.parse(stdout), {
    name: 'second',
    env: 'pr-2',
    fingerprints: [fingerprint(key?.blob ?? Buffer.of())],
  });
});

t.test('where the gate leads nowhere there is nothing to add', async (t) => {
  const { code, stderr } = await create('pr-99', '--scan');
  t.equal(code, 1);
  t.match(stderr, /cannot look at the host keys of pr-99: /);
  t.equal((await team.command('root', 'target show pr-99')).code, 1);
});

t.test('host keys come from one place', async (t) => {
  for (const args of [['pr-1'], ['pr-1', '-', '--scan']]) {
    const { code, stderr } = await create(...args);
    t.equal(code, 2, args.join(' '));
    t.match(stderr, /FILE, - for standard input, or --scan/);
  }
});
