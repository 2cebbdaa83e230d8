import t from 'tap';
import { FakeGateway } from '../fake-gateway.ts';
import { FakeSurroundings } from '../fake-surroundings.ts';
import { freePort } from '../local-servers.ts';

function flags(gateway: FakeGateway): string[] {
  return ['--server', `ssh://127.0.0.1:${gateway.port}`, '--host-key', gateway.fingerprint];
}

function environment(env: string, state = 'ready'): object {
  return {
    env,
    owner: 'me',
    state,
    since: new Date().toISOString(),
    lastSeen: new Date().toISOString(),
    services: [{ service: 'web', port: null, url: `https://web--${env}.x/`, access: 'public', state }],
    tunnels: [],
  };
}

const one = JSON.stringify(environment('pr-1'));
const all = JSON.stringify({
  env: 'tester',
  forwards: [],
  refused: [],
  environments: [environment('pr-1'), environment('pr-2', 'offline')],
});

t.test('the table, and the answer itself', async (t) => {
  const gateway = await FakeGateway.start(t, {
    answers: { status: `${all}\r\n`, 'status pr-1': `${one}\r\n` },
  });
  const user = new FakeSurroundings(t);
  user.addKey();
  t.equal(await user.run('status', ...flags(gateway)), 0);
  t.match(user.stdout, [/^pr-1 {2}ready for \d s$/, '  https://web--pr-1.x/  web  public  ready', /^1 more/]);
  t.equal(await user.run('status', '--json', ...flags(gateway)), 0);
  t.equal(user.stdout.at(-1), all);
  t.same(gateway.tunnels.at(-1)?.commands, ['status']);
  t.equal(await user.run('status', 'PR-1', ...flags(gateway)), 0);
  t.same(user.stdout.slice(-2), [user.stdout[0], user.stdout[1]]);
  t.same(gateway.tunnels.at(-1)?.commands, ['hello', 'status pr-1']);
  t.equal(await user.run('status', 'PR-1', '--json', ...flags(gateway)), 0);
  t.equal(user.stdout.at(-1), one);
  t.same(
    gateway.tunnels.map((tunnel) => tunnel.user),
    ['tester', 'tester', 'PR-1', 'PR-1'],
  );
  t.same(gateway.tunnels[0]?.forwards, []);
});

t.test('a large answer in JSON is not cut', async (t) => {
  const environments = Array.from({ length: 256 }, (_, index) => environment(`environment-number-${index}`));
  const gateway = await FakeGateway.start(t, {
    answers: { status: `${JSON.stringify({ env: 'pr-1', environments })}\r\n` },
  });
  const user = new FakeSurroundings(t);
  user.addKey();
  t.equal(await user.run('status', '--json', ...flags(gateway)), 0);
  t.same((JSON.parse(user.stdout[0] ?? '') as { environments: unknown }).environments, environments);
});

t.test('failures have their own exit codes', async (t) => {
  const user = new FakeSurroundings(t);
  user.addKey();
  t.equal(await user.run('status', '--server', `ssh://127.0.0.1:${await freePort(t)}`), 1);
  t.match(user.stderr.at(-1), 'ECONNREFUSED');
  t.equal(await user.run('status', '--server', 'nonsense://x'), 2);
  const strict = await FakeGateway.start(t, { admitted: [] });
  t.equal(await user.run('status', ...flags(strict)), 3);
  const other = await FakeGateway.start(t, { answers: { status: 'what?' } });
  t.equal(await user.run('status', ...flags(other)), 1);
  t.match(user.stderr.at(-1), 'what?');
});
