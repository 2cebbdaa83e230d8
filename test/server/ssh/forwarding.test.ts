import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { dialIn, type Machine } from '../../support/machine.ts';
import {
  domain,
  startSshGateway,
  type SshGateway,
  type SshGatewayOptions,
} from '../../support/ssh-gateway.ts';
import type { TestScope } from '../../support/scope.ts';
import { makeKey } from '../../support/ssh-keys.ts';

interface Setting {
  readonly gateway: SshGateway;
  readonly machine: Machine;
}

async function setUp(t: TestScope, options: SshGatewayOptions & { user?: string } = {}): Promise<Setting> {
  const { user, ...rest } = options;
  const gateway = await startSshGateway(t, rest);
  return { gateway, machine: await dialIn(t, gateway.port, user === undefined ? {} : { user }) };
}

/** Why a forward is refused, as the log tells it; undefined when it is not. */
async function refusalOf({ gateway }: Setting, asked: Promise<unknown>): Promise<string | undefined> {
  try {
    await asked;
    return undefined;
  } catch {
    return String(gateway.logLines.findLast((line) => line.msg === 'forward refused')?.['reason']);
  }
}

t.test('each form makes the route that it says', async (t) => {
  const { gateway, machine } = await setUp(t);
  await machine.forward('localhost', 80);
  await machine.forward('web', 443);
  await machine.forward('web', 8080);
  await machine.forward('', 8080);
  await machine.forwardPath('/api');
  await machine.forwardPath('/api/9000');
  await machine.forward('Feature/X', 80);
  const [tunnel] = gateway.server.tunnels;
  t.same(tunnel?.forwards.map(({ route }) => [route.env, route.service, route.port]).slice(0, 6), [
    ['pr-1', undefined, undefined],
    ['pr-1', 'web', undefined],
    ['pr-1', 'web', 8080],
    ['pr-1', undefined, 8080],
    ['pr-1', 'api', undefined],
    ['pr-1', 'api', 9000],
  ]);
  t.match(tunnel?.forwards[6]?.route.service, /^feature-x-[a-z2-7]{6}$/);
});

t.test('-R 0: gets a port, and each another', async (t) => {
  const { gateway, machine } = await setUp(t);
  t.equal(await machine.forward('localhost', 0), 80);
  t.equal(await machine.forward('web', 0), 80);
  const [first] = gateway.server.tunnels[0]?.forwards ?? [];
  t.match(first?.request, { bindAddr: 'localhost', bindPort: 0 }, 'as it was sent');
  await machine.forward('api', 80);
  t.match(await refusalOf({ gateway, machine }, machine.forward('api', 0)), /the same service already/);
});

t.test('what cannot be offered is refused with a reason', async (t) => {
  const setting = await setUp(t, { maxForwards: 2 });
  const { machine, gateway } = setting;
  t.match(await refusalOf(setting, machine.forwardPath('/a/b/c')), /too many parts/);
  t.match(await refusalOf(setting, machine.forwardPath('/a?access=maybe')), /access/);
  t.match(await refusalOf(setting, machine.forwardPath('/a?nonsense=1')), /unknown option/);
  await machine.forward('web', 80);
  t.match(await refusalOf(setting, machine.forward('web', 80)), /offers it already/);
  t.match(await refusalOf(setting, machine.forward('web', 443)), /the same service already/);
  t.match(await refusalOf(setting, machine.forwardPath('/web')), /the same service already/);
  t.equal(await refusalOf(setting, machine.forward('api', 80)), undefined);
  t.match(await refusalOf(setting, machine.forward('db', 80)), /at most 2 forwards/);
  t.equal(gateway.registry.resolve(`web--pr-1.${domain}`).kind, 'forward', 'the first is still there');
  t.equal(gateway.counted.filter((what) => what === 'forward refused').length, 7);
});

t.test("names: reserved, not for this key, somebody else's", async (t) => {
  const gateway = await startSshGateway(t);
  const reserved = await dialIn(t, gateway.port, { user: 'www' });
  t.match(await refusalOf({ gateway, machine: reserved }, reserved.forward('', 80)), /reserved/);
  const key = makeKey(t);
  gateway.admissions.set(key.blob, { envPatterns: ['pr-*', 'main'] });
  const other = await dialIn(t, gateway.port, { key, user: 'dev' });
  t.match(
    await refusalOf({ gateway, machine: other }, other.forward('', 80)),
    /may not use the name dev \(it may use pr-\*, main\)/,
  );
  const owner = await dialIn(t, gateway.port, { user: 'pr-7' });
  await owner.forward('', 80);
  const thief = await dialIn(t, gateway.port, { key, user: 'pr-7' });
  t.match(await refusalOf({ gateway, machine: thief }, thief.forward('', 80)), /belongs to somebody else/);
  t.match(await refusalOf({ gateway, machine: thief }, thief.forward('web', 80)), /belongs to somebody else/);
  t.equal(
    (await gateway.forward('pr-7')).owner,
    gateway.server.tunnels.find((tunnel) => tunnel.forwards.length > 0)?.owner,
  );
});

t.test(
  "the newest tunnel of the same owner takes over at once, whatever the older one's state",
  async (t) => {
    const { gateway, machine: older } = await setUp(t);
    await older.forward('web', 80);
    const before = await gateway.forward('web--pr-1');
    older.socket.pause();
    const newer = await dialIn(t, gateway.port, { key: older.key });
    await newer.forward('web', 80);
    const resolution = gateway.registry.resolve(`web--pr-1.${domain}`);
    t.match(resolution, { kind: 'forward', standby: before });
    t.not(resolution.kind === 'forward' && resolution.forward, before);
    t.ok(gateway.counted.includes('takeover'));
    newer.socket.destroy();
    // Turn by turn of the event loop, in which the newer one's end must arrive.
    while ((await gateway.forward('web--pr-1')) !== before) await nextTurn();
    t.pass('the older one serves again');
  },
);

t.test('a refused request is kept short, however long it was', async (t) => {
  const setting = await setUp(t);
  await refusalOf(setting, setting.machine.forwardPath(`/${'x'.repeat(20_000)}`));
  await refusalOf(setting, setting.machine.forward(`/${'x'.repeat(20_000)}`, 80));
  const { stdout } = await setting.machine.run('status');
  const { refused } = JSON.parse(stdout) as { refused: { request: string }[] };
  t.same(
    refused.map(({ request }) => request.length < 600),
    [true, true],
  );
  t.notOk(setting.gateway.logLines.some((line) => JSON.stringify(line).length > 3000));
});

t.test('of very many refusals the first are kept', async (t) => {
  const setting = await setUp(t);
  for (let i = 0; i < 100; i += 1) await refusalOf(setting, setting.machine.forwardPath(`/a/b/${i}`));
  const { refused } = JSON.parse((await setting.machine.run('status')).stdout) as { refused: unknown[] };
  t.equal(refused.length, 64);
});

t.test("access: its own, else the connection's, else the gateway's", async (t) => {
  const { gateway, machine } = await setUp(t, { defaultAccess: 'team' });
  const accesses = (): Record<string, string> =>
    Object.fromEntries(
      gateway.server.tunnels[0]?.forwards.map((forward) => [forward.route.service, forward.access]) ?? [],
    );
  await machine.forward('plain', 80);
  await machine.forwardPath('/own?access=private');
  t.same(accesses(), { plain: 'team', own: 'private' });
  machine.client.exec('access=public', () => undefined);
  await machine.run('status');
  t.same(accesses(), { plain: 'public', own: 'private' });
  await machine.forward('later', 80);
  t.same(accesses(), { plain: 'public', own: 'private', later: 'public' });
  t.match(
    gateway.registry.resolve(`plain--pr-1.${domain}`),
    { environment: { access: 'public' } },
    'the router knows at once',
  );
});

t.test('more than the key or the gateway allows is refused, and told with its code', async (t) => {
  for (const [limits, words] of [
    [{ widestAccess: 'team' }, /more than anybody may have here: at most team; for more, ask the team/],
    [{ key: 'team' }, /more than this key may have: at most team; for more, ask the team/],
  ] as const) {
    const setting = await setUp(t, 'widestAccess' in limits ? limits : {});
    const { gateway, machine } = setting;
    if ('key' in limits) gateway.admissions.set(machine.key.blob, { widestAccess: limits.key });
    t.match(await refusalOf(setting, machine.forwardPath('/web?access=public')), words);
    await machine.forwardPath('/web?access=team');
    const { refused } = JSON.parse((await machine.run('status')).stdout) as { refused: unknown };
    t.match(refused, [{ request: '/web?access=public', reason: words, code: 'ERR_ACCESS_TOO_WIDE' }]);
    t.match(await machine.run('access=public'), { code: 3, stderr: words });
    t.match(await gateway.forward('web--pr-1'), { access: 'team' });
  }
});

t.test('what says nothing gets the default as far as its key may have it', async (t) => {
  const { gateway, machine } = await setUp(t, { defaultAccess: 'public' });
  await machine.forward('web', 80);
  const forward = await gateway.forward('web--pr-1');
  t.equal(forward.access, 'public');
  const accesses: string[] = [];
  for (const widestAccess of ['team', 'private', 'public'] as const) {
    gateway.admissions.set(machine.key.blob, { widestAccess });
    await machine.run('status');
    accesses.push(forward.access);
  }
  t.same(accesses, ['team', 'private', 'public']);
  t.match(gateway.registry.resolve(`web--pr-1.${domain}`), { environment: { access: 'public' } });
});

t.test('a key that may have less from now on loses what asked for more, and reads why', async (t) => {
  const { gateway, machine } = await setUp(t);
  await machine.forwardPath('/web?access=public');
  const [tunnel] = gateway.server.tunnels;
  gateway.admissions.set(machine.key.blob, { widestAccess: 'team' });
  t.match(await tunnel?.closed, /^access withdrawn: access=public is more than this key may have/);
  await machine.closed;
});

t.test("options add up: the connection's, and each forward's own before them", async (t) => {
  const { gateway, machine } = await setUp(t);
  await machine.forwardPath('/web?host=own.test&ttl=2h');
  machine.client.exec('host=all.test scheme=https', () => undefined);
  await machine.run('status');
  machine.client.exec('balance=true', () => undefined);
  await machine.run('status');
  const [forward] = gateway.server.tunnels[0]?.forwards ?? [];
  t.same(forward?.options, { host: 'own.test', ttlMs: 7_200_000, scheme: 'https', balance: true });
});

t.test(
  "the machine's SSH server is not served over HTTP, however it is written, unless it says so itself",
  async (t) => {
    const { gateway, machine } = await setUp(t);
    await machine.forward('SSH', 22);
    const schemes = (): unknown[] =>
      gateway.server.tunnels[0]?.forwards.map(({ route, options }) => [route.service, options.scheme]) ?? [];
    t.same(schemes(), [['ssh', 'tcp']]);
    machine.client.exec('scheme=h2c', () => undefined);
    await machine.run('status');
    await machine.forward('ssh', 2222);
    await machine.forward('web', 80);
    t.same(schemes(), [
      ['ssh', 'tcp'],
      ['ssh', 'tcp'],
      ['web', 'h2c'],
    ]);
    const other = await dialIn(t, gateway.port, { user: 'pr-2', key: machine.key });
    await other.forwardPath('/ssh');
    await other.forwardPath('/ssh/2222?scheme=http');
    const tunnel = await gateway.tunnel(1);
    t.same(
      tunnel.forwards.map(({ options }) => options.scheme),
      ['tcp', 'http'],
    );
  },
);

t.test("options of Preevy's clients that mean nothing here are told to the log", async (t) => {
  const { gateway, machine } = await setUp(t);
  await machine.forwardPath('/web#access=private;inject=abc');
  t.match(await gateway.forward('web--pr-1'), { access: 'private' });
  t.ok(gateway.logLines.some((line) => JSON.stringify(line['ignored']) === '["inject"]'));
});
