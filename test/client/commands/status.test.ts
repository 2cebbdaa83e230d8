import t from 'tap';
import { FakeGateway } from '../fake-gateway.ts';
import { FakeSurroundings } from '../fake-surroundings.ts';
import { freePort } from '../local-servers.ts';

function flags(gateway: FakeGateway): string[] {
  return ['--server', `ssh://127.0.0.1:${gateway.port}`, '--host-key', gateway.fingerprint];
}

const answer = JSON.stringify({
  env: 'pr-1',
  forwards: [
    {
      request: '/web',
      url: 'https://web--pr-1.x/',
      service: 'web',
      port: null,
      access: 'public',
      state: 'ready',
    },
  ],
  refused: [],
});

t.test('the table, and the answer itself', async (t) => {
  const gateway = await FakeGateway.start(t, { answers: { status: `${answer}\r\n` } });
  const user = new FakeSurroundings(t);
  user.addKey();
  t.equal(await user.run('status', 'pr-1', ...flags(gateway)), 0);
  t.same(user.stdout, ['https://web--pr-1.x/  web  public  ready']);
  t.equal(await user.run('status', '--json', ...flags(gateway)), 0);
  t.equal(user.stdout.at(-1), answer);
  t.same(
    gateway.tunnels.map((tunnel) => tunnel.user),
    ['pr-1', 'tester'],
  );
  t.same(gateway.tunnels[0]?.commands, ['status']);
  t.same(gateway.tunnels[0]?.forwards, []);
});

t.test('a large answer in JSON is not cut', async (t) => {
  const forwards = Array.from({ length: 64 }, (_, index) => ({
    request: `/s${index}`,
    url: `https://service-number-${index}--pr-1.preview.example.com/`,
  }));
  const gateway = await FakeGateway.start(t, {
    answers: { status: `${JSON.stringify({ env: 'pr-1', forwards })}\r\n` },
  });
  const user = new FakeSurroundings(t);
  user.addKey();
  t.equal(await user.run('status', '--json', ...flags(gateway)), 0);
  t.same((JSON.parse(user.stdout[0] ?? '') as { forwards: unknown }).forwards, forwards);
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
