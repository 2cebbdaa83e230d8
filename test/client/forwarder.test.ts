import { once } from 'node:events';
import { join } from 'node:path';
import { Duplex, PassThrough } from 'node:stream';
import t, { type Test } from 'tap';
import type { ChannelOpening } from '../../client/channel-openings.ts';
import type { SshChannel } from '../../core/channel.ts';
import { Forwarder } from '../../client/forwarder.ts';
import { connectLocal } from '../../client/local-socket.ts';
import { fixedOffers } from '../../client/offer-source.ts';
import { parseOffers } from '../../client/target.ts';
import { FakeSurroundings } from './fake-surroundings.ts';
import { echoServer, freePort, localServer } from './local-servers.ts';

interface Setup {
  readonly forwarder: Forwarder;
  readonly told: string[];
}

function setup(targets: readonly string[]): Setup {
  const told: string[] = [];
  const offers = parseOffers(targets);
  const forwarder = new Forwarder({
    source: fixedOffers(offers.ok ? offers.value : []),
    connectTimeoutMs: 1000,
    reprobeMs: 10_000,
    onRefused: (offer, failure) => told.push(`${offer.service ?? ''} ${failure.code}`),
    onListening: (offer) => told.push(`${offer.service ?? ''} listens`),
  });
  return { forwarder, told };
}

function opening(forward: string): { opening: ChannelOpening; answer: Promise<string> } {
  const answer = Promise.withResolvers<string>();
  return {
    answer: answer.promise,
    opening: {
      forward,
      accept: () => {
        answer.resolve('accepted');
        return undefined;
      },
      refuse: (reason, description) => answer.resolve(`${reason} ${description}`),
    },
  };
}

async function serve(forwarder: Forwarder, forward: string): Promise<string> {
  const asked = opening(forward);
  await forwarder.serve(asked.opening);
  return asked.answer;
}

t.test('state changes of a service are told once each', async (t) => {
  const port = await freePort(t);
  const { forwarder, told } = setup([`web=${port}`]);
  t.match(await serve(forwarder, '/web'), `2 connect ECONNREFUSED 127.0.0.1:${port}`);
  await serve(forwarder, '/web');
  await forwarder.probe();
  t.same(told, ['web ECONNREFUSED']);
  const { server } = await echoServer(t, { port });
  t.equal(await serve(forwarder, '/web'), 'accepted');
  await forwarder.probe();
  t.same(told, ['web ECONNREFUSED', 'web listens']);
  server.close();
  await once(server, 'close');
  await forwarder.probe();
  t.same(told, ['web ECONNREFUSED', 'web listens', 'web ECONNREFUSED']);
});

t.test('what is not offered is prohibited', async (t) => {
  t.match(await serve(setup(['web=1']).forwarder, '/other'), /^1 /);
});

t.test('a connection that was lost meanwhile leaves no local socket', async (t) => {
  const gone = Promise.withResolvers<undefined>();
  const { port } = await localServer(t, (socket) =>
    socket.resume().once('end', () => gone.resolve(undefined)),
  );
  t.equal(await serve(setup([`web=${port}`]).forwarder, '/web'), 'accepted');
  await gone.promise;
});

t.test('a service that refuses is asked again until it listens, and then no more', async (t) => {
  const port = await freePort(t);
  const told = Promise.withResolvers<undefined>();
  const offers = parseOffers([`web=${port}`]);
  const forwarder = new Forwarder({
    source: fixedOffers(offers.ok ? offers.value : []),
    connectTimeoutMs: 1000,
    reprobeMs: 5,
    onRefused: () => undefined,
    onListening: () => told.resolve(undefined),
  });
  t.teardown(() => forwarder.close());
  await forwarder.probe();
  const { sockets } = await echoServer(t, { port });
  await told.promise;
  t.equal(sockets.length, 1);
});

t.test('bytes go both ways', async (t) => {
  const { port } = await echoServer(t);
  const { forwarder } = setup([`web=${port}`]);
  const [near, far] = pair();
  const served = forwarder.serve({
    forward: '/web',
    accept: () => near as unknown as SshChannel,
    refuse: (_reason, text) => t.fail(text),
  });
  far.toNear.end('hello');
  const [chunk] = (await once(far.fromNear, 'data')) as [Buffer];
  t.equal(chunk.toString(), 'hello');
  far.fromNear.resume();
  await served;
});

/** A duplex and the two streams at its far end. */
function pair(): [near: Duplex, far: { toNear: PassThrough; fromNear: PassThrough }] {
  const toNear = new PassThrough();
  const fromNear = new PassThrough();
  return [Duplex.from({ readable: toNear, writable: fromNear }), { toNear, fromNear }];
}

t.test('localhost is both loopback addresses', async (t) => {
  const onlyV6 = await localServer(t, (socket) => socket.end(), { host: '::1' });
  const bare = await connectLocal({ kind: 'tcp', hosts: ['127.0.0.1', '::1'], port: onlyV6.port }, 1000);
  t.equal(bare.kind, 'connected');
  if (bare.kind === 'connected') bare.socket.destroy();
  const named = await connectLocal({ kind: 'tcp', hosts: ['127.0.0.1'], port: onlyV6.port }, 1000);
  t.match(named, { kind: 'failed', code: 'ECONNREFUSED' });
});

t.test('names and unix sockets fail with their own reason', async (t: Test) => {
  const user = new FakeSurroundings(t);
  const path = join(user.home, 'nowhere.sock');
  t.match(await connectLocal({ kind: 'unix', path }, 1000), {
    kind: 'failed',
    code: 'ENOENT',
    problem: `connect ENOENT ${path}`,
  });
  const port = await freePort(t);
  t.match(await connectLocal({ kind: 'tcp', hosts: ['localhost'], port }, 1000), {
    kind: 'failed',
    code: 'ECONNREFUSED',
    problem: /connect ECONNREFUSED/,
  });
  t.match(await connectLocal({ kind: 'tcp', hosts: ['nowhere.invalid'], port }, 5000), {
    kind: 'failed',
    problem: /nowhere\.invalid/,
  });
});

t.test('a target that swallows the connection fails in time', async (t) => {
  // TEST-NET-1 (RFC 5737) is nobody: either it is silent until the deadline, or the network says so itself.
  t.match(await connectLocal({ kind: 'tcp', hosts: ['192.0.2.1'], port: 9 }, 20), {
    kind: 'failed',
    problem: /connect E/,
  });
});
