// Several connections, connections that move, and services that come and go: `porthole connect` against a gateway made of ssh2.
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { startTunnels } from '../../client/connect-run.ts';
import { findIdentities } from '../../client/identity.ts';
import { fixedOffers, type OfferSource } from '../../client/offer-source.ts';
import type { Outcome } from '../../client/outcome.ts';
import type { ClientEvent } from '../../client/report.ts';
import { type Offer, parseOffers } from '../../client/target.ts';
import { until } from '../support/until.ts';
import { ask, FakeGateway, type FakeGatewayOptions, type FakeTunnel } from './fake-gateway.ts';
import { FakeSurroundings } from './fake-surroundings.ts';
import { echoServer, freePort, localServer } from './local-servers.ts';

/** Offers that a test changes. */
class Shelf implements OfferSource {
  offers: readonly Offer[] = [];
  closed = false;
  readonly #listeners = new Set<() => void>();

  /** Offers whose text was there before stay the same. */
  put(...texts: readonly string[]): void {
    this.offers = offersOf(texts).map(
      (offer) => this.offers.find((old) => JSON.stringify(old) === JSON.stringify(offer)) ?? offer,
    );
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.closed = true;
  }
}

function offersOf(texts: readonly string[]): Offer[] {
  const offers = parseOffers(texts);
  if (!offers.ok) throw new Error(offers.problem);
  return offers.value;
}

interface Running {
  readonly gateway: FakeGateway;
  readonly events: ClientEvent[];
  readonly outcome: Promise<Outcome>;
  readonly names: () => string[];
  /** Settles when so many events of that name were told. */
  readonly told: (name: ClientEvent['event'], count?: number) => Promise<ClientEvent>;
  readonly stop: () => void;
}

interface RunOptions extends FakeGatewayOptions {
  readonly source: OfferSource;
  readonly isDynamic?: boolean;
  readonly connections?: number;
  readonly once?: boolean;
}

async function run(t: Test, options: RunOptions): Promise<Running> {
  const gateway = await FakeGateway.start(t, options);
  const user = new FakeSurroundings(t);
  user.addKey();
  const identities = await findIdentities({
    file: undefined,
    agentSocket: undefined,
    home: user.home,
    ownKeyFile: `${user.home}/own`,
    askPassphrase: undefined,
  });
  const events: ClientEvent[] = [];
  const watchers = new Set<() => void>();
  const access = {
    server: { transport: 'tcp', host: '127.0.0.1', port: gateway.port },
    trust: undefined,
    hostKey: { kind: 'pinned', fingerprints: [gateway.fingerprint] },
    identities: identities.ok ? identities.value : [],
    user: 'pr-1',
  } as const;
  const { source, isDynamic = false, connections, once: isOnce = false } = options;
  const tunnels = startTunnels(
    { access, source, isDynamic, connections, once: isOnce, urlFile: undefined, openReporter: undefined },
    (told) => {
      events.push(...told);
      for (const watcher of watchers) watcher();
    },
  );
  const outcome = tunnels.run();
  t.teardown(() => {
    tunnels.stop();
    return outcome;
  });
  return {
    gateway,
    events,
    outcome,
    names: () => events.map(({ event }) => event),
    told: async (name, count = 1) => {
      for (;;) {
        const found = events.filter(({ event }) => event === name)[count - 1];
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => void watchers.add(resolve));
      }
    },
    stop: () => tunnels.stop(),
  };
}

/** Waits until a tunnel of the gateway holds these forwards, in whatever order. */
async function holds(gateway: FakeGateway, tunnel: FakeTunnel, ...paths: readonly string[]): Promise<void> {
  while (JSON.stringify([...tunnel.forwards].sort()) !== JSON.stringify([...paths].sort()))
    await gateway.activity();
}

t.test('a gateway that ends is left for another connection before it is let go', async (t) => {
  const { port } = await localServer(t, (socket) => socket.pipe(socket));
  const { gateway, told, names, stop, outcome } = await run(t, {
    source: fixedOffers(offersOf([`web=${port}`])),
  });
  await told('forward');
  const [old] = gateway.tunnels;
  const running = await old!.open('/web');
  running.write('one ');
  t.equal(String((await once(running, 'data'))[0]), 'one ');

  old!.drain(60_000);
  await told('moved');
  t.same(old!.answers, [true], 'it says that it moves');
  t.equal(gateway.tunnels.length, 2);
  t.same(gateway.tunnels[1]?.forwards, ['/web']);
  t.same(old!.cancelled, [], 'the old one keeps its forwards');
  t.equal(await ask(await old!.open('/web'), 'new on the old'), 'new on the old');
  t.equal(await ask(await gateway.tunnels[1]!.open('/web'), 'new'), 'new');
  t.equal(await ask(running, 'two'), 'two', 'what runs goes on');
  old!.disconnect('the gateway is shutting down');
  await old!.closed;
  stop();
  t.same(await outcome, { kind: 'ok' });
  t.same(names(), ['connecting', 'connected', 'forward', 'draining', 'moved', 'exit']);
});

t.test('other requests of a gateway are refused, and move nobody', async (t) => {
  const { gateway, told, names } = await run(t, { source: fixedOffers(offersOf(['web=1'])) });
  await told('forward');
  const [tunnel] = gateway.tunnels;
  tunnel!.drain(1000, { name: 'drain@example.com' });
  tunnel!.drain(1000, { payload: Buffer.alloc(3) });
  await until('both are answered', () => tunnel!.answers.length === 2);
  t.same(tunnel!.answers, [false, false]);
  t.notOk(names().includes('draining'));
});

t.test('the words of a goodbye are the reason of the loss', async (t) => {
  const { gateway, told } = await run(t, { source: fixedOffers(offersOf(['web=1'])), once: true });
  await told('forward');
  gateway.tunnels[0]!.disconnect('access withdrawn: \u001b[31mthe key has expired');
  t.match(await told('disconnected'), { reason: 'access withdrawn: ?[31mthe key has expired' });
});

t.test('several connections', async (t) => {
  await t.test('are one for the user, for as long as one of them serves', async (t) => {
    const { gateway, told, names, events, stop, outcome } = await run(t, {
      source: fixedOffers(offersOf(['web=1'])),
      connections: 3,
    });
    while (!events.some((event) => event.event === 'tunnels' && event.live === 3))
      await told('tunnels', events.filter(({ event }) => event === 'tunnels').length + 1);
    t.equal(gateway.tunnels.length, 3);
    t.ok(gateway.tunnels.every(({ forwards }) => forwards[0] === '/web'));
    const before = names().length;
    gateway.tunnels[1]!.socket.destroy();
    await gateway.next();
    t.notOk(names().includes('disconnected'), 'two still serve');
    t.ok(names().slice(before).includes('tunnels'));
    stop();
    t.same(await outcome, { kind: 'ok' });
    t.equal(names().filter((name) => name === 'connected').length, 1);
    t.equal(names().filter((name) => name === 'forward').length, 1);
  });
  await t.test('are two when the gateway says that it is several', async (t) => {
    const { gateway, told } = await run(t, { source: fixedOffers(offersOf(['web=1'])), nodes: 3 });
    await told('tunnels');
    t.equal(gateway.tunnels.length, 2);
  });
  await t.test('are one otherwise', async (t) => {
    const { gateway, told, names } = await run(t, { source: fixedOffers(offersOf(['web=1'])) });
    await told('upstream-refused');
    t.equal(gateway.tunnels.length, 1);
    t.notOk(names().includes('tunnels'));
  });
  await t.test('end together when nobody is let in', async (t) => {
    const { outcome } = await run(t, {
      source: fixedOffers(offersOf(['web=1'])),
      connections: 2,
      admitted: [],
    });
    t.match(await outcome, { kind: 'refused' });
  });
});

t.test('services that come and go', async (t) => {
  await t.test(
    'none at the start is no mistake, and each change touches only what it is about',
    async (t) => {
      const source = new Shelf();
      const { port } = await echoServer(t);
      const { gateway, told, stop, outcome, names } = await run(t, { source, isDynamic: true });
      await told('no-services');
      const [tunnel] = gateway.tunnels;
      source.put(`web=${port}`);
      t.match(await told('forward'), { service: 'web', url: 'https://web--pr-1.example.test/' });
      const running = await tunnel!.open('/web');
      source.put(`web=${port}`, 'api=2');
      t.match(await told('forward', 2), { service: 'api' });
      source.put(`web=${port}`);
      t.match(await told('forward-withdrawn'), { service: 'api' });
      t.same(tunnel!.cancelled, ['/api']);
      t.equal(await ask(running, 'still here'), 'still here');
      source.put(`web=${port}?access=team`);
      await holds(gateway, tunnel!, '/web?access=team');
      t.equal(await ask(await tunnel!.open('/web?access=team'), 'with other options'), 'with other options');
      t.equal(gateway.tunnels.length, 1);
      t.notOk(names().includes('disconnected'));
      stop();
      t.same(await outcome, { kind: 'ok' });
    },
  );
  await t.test('another target for the same service needs no word to the gateway', async (t) => {
    const source = new Shelf();
    const { port } = await echoServer(t);
    source.put('web=1');
    const { gateway, told } = await run(t, { source, isDynamic: true });
    await told('upstream-refused');
    source.put(`web=${port}`);
    const [tunnel] = gateway.tunnels;
    t.equal(await ask(await tunnel!.open('/web'), 'hello'), 'hello');
    t.same(tunnel!.cancelled, []);
  });
  await t.test('after a loss the set of then is offered', async (t) => {
    const source = new Shelf();
    source.put('web=1');
    const { gateway, told } = await run(t, { source, isDynamic: true });
    await told('forward');
    gateway.tunnels[0]!.socket.destroy();
    await told('disconnected');
    source.put('api=1');
    await told('connected', 2);
    t.same(gateway.tunnels[1]?.forwards, ['/api']);
  });
  await t.test('one that is refused does not end the others', async (t) => {
    const source = new Shelf();
    source.put('web=1');
    const refusal = (path: string): string | undefined => (path === '/api' ? 'too many' : undefined);
    const { gateway, told, names } = await run(t, { source, isDynamic: true, refusal });
    await told('forward');
    source.put('web=1', 'api=1');
    t.match(await told('forward-refused'), { service: 'api', reason: 'too many' });
    source.put('api=1');
    await holds(gateway, gateway.tunnels[0]!);
    t.notOk(names().includes('exit'));
  });
  await t.test('all refused from the first ends it', async (t) => {
    const source = new Shelf();
    const { told, outcome } = await run(t, { source, isDynamic: true, refusal: () => 'the name is taken' });
    await told('no-services');
    source.put('web=1');
    t.same(await outcome, { kind: 'refused', reason: 'web: the name is taken' });
  });
});

t.test('a service that refuses is asked again by itself', async (t) => {
  const port = await freePort(t);
  const { told } = await run(t, { source: fixedOffers(offersOf([`web=${port}`])) });
  await told('upstream-refused');
  await echoServer(t, { port });
  await told('upstream-listening');
});
