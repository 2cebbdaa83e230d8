import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { buffer, text } from 'node:stream/consumers';
import type { Channel as PeerChannel } from 'ssh2';
import t from 'tap';
import { forwardKey } from '../../../core/forward.ts';
import { receiveWindowBytes } from '../../../core/channel.ts';
import { ChannelOpenError, type Channel, type Forward } from '../../../server/tunnel/forward.ts';
import { internalsOf } from '../../../core/ssh2-protocol.ts';
import { dialIn, type Machine } from '../../support/machine.ts';
import { bufferBytesInUse } from '../../support/memory.ts';
import {
  domain,
  startSshGateway,
  type SshGateway,
  type SshGatewayOptions,
} from '../../support/ssh-gateway.ts';
import type { TestScope } from '../../support/scope.ts';
import { until } from '../../support/until.ts';

const origin = { address: '192.0.2.1', port: 40_000 };
const megabyte = 1024 * 1024;

interface Setting {
  readonly gateway: SshGateway;
  readonly machine: Machine;
  readonly forward: Forward;
  readonly tunnel: Awaited<ReturnType<SshGateway['tunnel']>>;
}

/** A machine that offers `web`. */
async function setUp(t: TestScope, options: SshGatewayOptions = {}): Promise<Setting> {
  const gateway = await startSshGateway(t, options);
  const machine = await dialIn(t, gateway.port);
  await machine.forward('web', 80);
  return { gateway, machine, forward: await gateway.forward('web--pr-1'), tunnel: await gateway.tunnel() };
}

/** Opens a channel and gives both ends of it. */
async function openPair({ machine, forward }: Setting): Promise<{ channel: Channel; peer: PeerChannel }> {
  const arrived = Promise.withResolvers<PeerChannel>();
  machine.client.removeAllListeners('tcp connection');
  machine.onChannel(arrived.resolve);
  const channel = await forward.openChannel(origin);
  channel.on('error', () => undefined);
  return { channel, peer: await arrived.promise };
}

/** The number by which the gateway knows the peer's channel. */
function gatewayId(peer: PeerChannel): number {
  return (peer as unknown as { outgoing: { id: number } }).outgoing.id;
}

/** Why an open failed. */
async function failureOf(opening: Promise<Channel>): Promise<string> {
  try {
    await opening;
    return 'opened';
  } catch (error) {
    return error instanceof ChannelOpenError ? error.failure.kind : String(error);
  }
}

function closeOf(stream: Channel): Promise<void> {
  return new Promise((resolve) => void stream.on('close', resolve));
}

t.test('bytes go both ways, and each side ends on its own', async (t) => {
  const setting = await setUp(t);
  const { channel, peer } = await openPair(setting);
  channel.end('question');
  t.equal(await text(peer), 'question');
  t.equal(channel.destroyed, false);
  const closed = closeOf(channel);
  peer.end('the answer, after our end');
  peer.close();
  t.equal(await text(channel), 'the answer, after our end');
  await closed;
  await until('no channel', () => setting.tunnel.channelCount === 0);
});

t.test('the peer may end first', async (t) => {
  const setting = await setUp(t);
  const { channel, peer } = await openPair(setting);
  peer.end('greeting');
  t.equal(await text(channel), 'greeting');
  channel.end('farewell');
  t.equal(await text(peer), 'farewell');
  peer.close();
  await until('no channel', () => setting.tunnel.channelCount === 0);
});

t.test('a dead peer: its routes go at once, its channels are reset, its socket is destroyed', async (t) => {
  const setting = await setUp(t, { keepalive: { intervalMs: 10, misses: 3 } });
  const { gateway, machine, tunnel, forward } = setting;
  const { channel } = await openPair(setting);
  const failed = new Promise((resolve) => void channel.on('error', resolve));
  machine.socket.pause();
  t.equal(await tunnel.closed, 'no sign of life');
  t.equal(gateway.registry.resolve(`web--pr-1.${domain}`).kind, 'reconnecting');
  t.equal(gateway.sockets[0]?.destroyed, true);
  t.equal(forward.live, false);
  t.ok(forward.silentMs > 0, 'for so long it had not been heard');
  t.match(await failed, { code: 'ECONNRESET' });
  t.equal(await failureOf(forward.openChannel(origin)), 'gone');
});

t.test('a peer that leaves was not silent', async (t) => {
  const { machine, tunnel, forward } = await setUp(t);
  machine.socket.destroy();
  await tunnel.closed;
  t.equal(forward.silentMs, 0);
});

t.test('of a peer that leaves a ping unanswered it is told, long before it counts as dead', async (t) => {
  const { gateway, machine, tunnel } = await setUp(t, { keepalive: { intervalMs: 20, misses: 100_000 } });
  const state = (): unknown => gateway.registry.view('pr-1')?.state;
  machine.socket.pause();
  await until('it is silent', () => state() === 'degraded');
  t.equal(gateway.registry.resolve(`web--pr-1.${domain}`).kind, 'forward', 'there is no other');
  machine.socket.resume();
  await until('it is heard', () => state() === 'ready');
  t.equal(tunnel.live, true);
});

t.test('a peer that answers lives on, though it sends nothing of its own', async (t) => {
  const { tunnel, gateway } = await setUp(t, { keepalive: { intervalMs: 20, misses: 3 } });
  const rounds: (number | undefined)[] = [];
  tunnel.ping();
  await until('a round trip', () => tunnel.roundTripMs !== undefined);
  for (let i = 0; i < 3; i += 1) {
    const before = tunnel.roundTripMs;
    await until('another round trip, after a silence', () => tunnel.roundTripMs !== before);
    rounds.push(tunnel.roundTripMs);
  }
  t.ok(rounds.every((ms) => ms !== undefined && ms > 0));
  t.equal(tunnel.live, true);
  t.equal(gateway.sockets[0]?.destroyed, false);
});

t.test('routes are gone when destroy() returns', async (t) => {
  const { gateway, tunnel, forward } = await setUp(t);
  t.equal(gateway.registry.resolve(`web--pr-1.${domain}`).kind, 'forward');
  tunnel.destroy('by the test');
  t.equal(gateway.registry.resolve(`web--pr-1.${domain}`).kind, 'reconnecting');
  t.equal(forward.live, false);
  t.equal(await forward.closed, 'by the test');
  tunnel.destroy('again');
  t.equal(await tunnel.closed, 'by the test');
});

t.test('closed politely, the peer hears of it', async (t) => {
  const { gateway, tunnel, machine } = await setUp(t);
  tunnel.close('by the test');
  t.equal(gateway.registry.resolve(`web--pr-1.${domain}`).kind, 'reconnecting');
  await machine.closed;
  t.equal(await tunnel.closed, 'by the test');
  await until('the socket is gone', () => gateway.sockets[0]?.destroyed === true);
});

t.test('a throw in a consumer of a channel ends that channel, and not the tunnel', async (t) => {
  const setting = await setUp(t);
  const bad = await openPair(setting);
  const good = await openPair(setting);
  bad.channel.on('data', () => {
    throw new Error('a bug in the ingress');
  });
  const closed = closeOf(bad.channel);
  bad.peer.write('x');
  await closed;
  good.peer.end('fine');
  t.equal(await text(good.channel), 'fine');
  t.equal(setting.tunnel.live, true);
  t.ok(
    setting.gateway.logLines.some((line) => line.level === 'error' && line.msg.includes('channel failed')),
  );
});

t.test('an aborted download gives back all that was unread, and the peer is told', async (t) => {
  const setting = await setUp(t);
  const { channel, peer } = await openPair(setting);
  peer.write(Buffer.alloc(8 * megabyte));
  await until('the window is full', () => setting.tunnel.bufferedBytes >= receiveWindowBytes);
  const peerClosed = once(peer, 'close');
  peer.resume();
  channel.destroy();
  t.equal(setting.tunnel.bufferedBytes, 0);
  await peerClosed;
  await until('no channel', () => setting.tunnel.channelCount === 0);
});

t.test('a stalled reader holds one window, and gets the rest when it reads on', async (t) => {
  const setting = await setUp(t);
  const { channel, peer } = await openPair(setting);
  const sent = Buffer.alloc(8 * megabyte, 'abcdefg');
  peer.end(sent);
  await until('the window is full', () => setting.tunnel.bufferedBytes >= receiveWindowBytes);
  for (let i = 0; i < 20; i += 1) await nextTurn();
  t.equal(setting.tunnel.bufferedBytes, receiveWindowBytes);
  t.ok((await buffer(channel)).equals(sent));
});

t.test('a stalled download holds at most 2.2 MB, whatever the size of its packets', async (t) => {
  const setting = await setUp(t);
  const pairs = [];
  for (const size of [20_000, 33_000, 100, 1000, 32 * 1024]) {
    const pair = await openPair(setting);
    pairs.push(pair);
    const block = Buffer.alloc(size);
    const id = gatewayId(pair.peer);
    // Around ssh2's channel, which would cut it into packets of its own.
    for (let sent = 0; sent + size <= receiveWindowBytes; sent += size) {
      setting.machine.protocol.channelData(id, block);
    }
  }
  await until('all have come', () => setting.tunnel.bufferedBytes > pairs.length * 1.85 * megabyte);
  const held = bufferBytesInUse();
  for (const { channel } of pairs) channel.destroy();
  const freed = held - bufferBytesInUse();
  t.ok(freed > pairs.length * 1.8 * megabyte, `${freed} bytes were held`);
  t.ok(freed < pairs.length * 2_200_000, `${freed} bytes were held`);
});

t.test('a peer that sends past its window is disconnected, and what it sent is not kept', async (t) => {
  const setting = await setUp(t);
  const { machine, tunnel, gateway } = setting;
  const { peer } = await openPair(setting);
  let most = 0;
  for (let i = 0; i < 300 && !machine.socket.destroyed; i += 1) {
    machine.protocol.channelData(gatewayId(peer), Buffer.alloc(32 * 1024));
    most = Math.max(most, tunnel.bufferedBytes);
    if (i % 10 === 0) await nextTurn();
  }
  t.equal(await tunnel.closed, 'the peer sent more than its window');
  t.ok(most <= receiveWindowBytes, `${most} bytes were kept`);
  t.equal(tunnel.bufferedBytes, 0);
  t.equal(gateway.sockets[0]?.destroyed, true);
});

t.test(
  'a peer that stops reading holds a bounded number of unsent bytes, and is cut when nothing moves',
  async (t) => {
    const setting = await setUp(t, { keepalive: { intervalMs: 50, misses: 3 } });
    const { machine, tunnel, gateway } = setting;
    const { channel, peer } = await openPair(setting);
    machine.protocol.channelWindowAdjust(gatewayId(peer), 0x7000_0000);
    await nextTurn();
    machine.socket.pause();
    const talking = setInterval(() => machine.protocol.ping(), 5);
    t.teardown(() => clearInterval(talking));
    let most = 0;
    const writeOn = (): void => {
      if (channel.destroyed) return;
      most = Math.max(most, gateway.sockets[0]?.writableLength ?? 0);
      channel.write(Buffer.alloc(256 * 1024), () => setImmediate(writeOn));
    };
    writeOn();
    writeOn();
    t.equal(await tunnel.closed, 'the peer stopped reading');
    t.ok(most > megabyte / 2, 'the socket was filled');
    t.ok(most < 2 * megabyte, `${most} bytes waited in the socket`);
    t.equal(gateway.sockets[0]?.destroyed, true);
  },
);

t.test(
  'a key exchange that the peer never finishes holds writers back, and they go on when it does',
  async (t) => {
    const setting = await setUp(t);
    const { machine, gateway } = setting;
    const { channel, peer } = await openPair(setting);
    machine.protocol.channelWindowAdjust(gatewayId(peer), 0x7000_0000);
    const server = gateway.sockets[0];
    const connection = setting.tunnel as unknown as object;
    t.ok(connection);
    machine.protocol.rekey();
    machine.socket.pause();
    await until(
      'the gateway has the first packet of it',
      () => server !== undefined && server.bytesRead >= machine.socket.bytesWritten,
    );
    const sent = Buffer.alloc(20 * megabyte, 'abcdefg');
    let done = false;
    channel.write(sent, () => {
      done = true;
    });
    for (let i = 0; i < 50; i += 1) await nextTurn();
    t.equal(done, false);
    t.ok((server?.writableLength ?? 0) < megabyte);
    t.ok(channel.writableLength > 19 * megabyte, 'it waits where it came from');
    const received = buffer(peer);
    machine.socket.resume();
    channel.end();
    t.ok((await received).equals(sent));
  },
);

t.test('a pending write calls back when the peer closes, and when the tunnel is lost', async (t) => {
  const setting = await setUp(t);
  const first = await openPair(setting);
  const second = await openPair(setting);
  const results: string[] = [];
  first.channel.write(Buffer.alloc(4 * megabyte), () => results.push('first'));
  second.channel.write(Buffer.alloc(4 * megabyte), () => results.push('second'));
  first.peer.close();
  await until('the first called back', () => results.includes('first'));
  t.same(results, ['first']);
  setting.tunnel.destroy('by the test');
  await until('the second called back', () => results.includes('second'));
});

t.test(
  'an open has a deadline; a channel that arrives after it is closed at once, and nothing stays',
  async (t) => {
    const setting = await setUp(t, { channelOpenTimeoutMs: 10 });
    const { machine, forward, tunnel } = setting;
    const opening = Promise.withResolvers<() => PeerChannel>();
    machine.onOpening((accept) => {
      opening.resolve(accept);
    });
    t.equal(await failureOf(forward.openChannel(origin)), 'timeout');
    t.equal(tunnel.channelCount, 1);
    const late = (await opening.promise)();
    late.write(Buffer.alloc(100_000));
    const closed = once(late, 'close');
    late.resume();
    await closed;
    await until('no channel', () => tunnel.channelCount === 0);
    t.equal(tunnel.bufferedBytes, 0);
  },
);

t.test('a peer that never answers an open holds a bounded number of them', async (t) => {
  const { machine, forward, tunnel } = await setUp(t, { channelOpenTimeoutMs: 5, maxChannels: 3 });
  machine.onOpening(() => undefined);
  const kinds: string[] = [];
  for (let i = 0; i < 5; i += 1) {
    kinds.push(await failureOf(forward.openChannel(origin)));
  }
  t.same(kinds, ['timeout', 'timeout', 'timeout', 'limit', 'limit']);
  t.equal(tunnel.channelCount, 3);
});

t.test('a refusal of the peer is told as one', async (t) => {
  const { machine, forward, tunnel } = await setUp(t);
  machine.onOpening((_accept, reject) => {
    reject();
  });
  t.equal(await failureOf(forward.openChannel(origin)), 'refused');
  t.equal(tunnel.channelCount, 0);
});

t.test('opens that are under way when the tunnel is lost fail as gone', async (t) => {
  const { machine, forward, tunnel } = await setUp(t);
  machine.onOpening(() => undefined);
  const opening = forward.openChannel(origin);
  tunnel.destroy('by the test');
  t.equal(await failureOf(opening), 'gone');
});

t.test('a forward lives until it is withdrawn, replaced by nothing', async (t) => {
  const { machine, gateway, tunnel, forward } = await setUp(t);
  t.match(forward, {
    tunnelId: tunnel.id,
    owner: tunnel.owner,
    live: true,
    access: 'private',
    request: { kind: 'tcpip', bindAddr: 'web', bindPort: 80 },
    route: { env: 'pr-1', service: 'web', port: undefined },
  });
  await new Promise<void>((resolve, reject) => {
    machine.client.unforwardIn('web', 80, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
  t.equal(forward.live, false);
  t.equal(await forward.closed, 'withdrawn by the client');
  t.same(tunnel.forwards, []);
  t.equal(tunnel.live, true);
  t.equal(tunnel.removeForward(forward.request, { kind: 'withdrawn', reason: 'again' }), false);
  t.equal(gateway.registry.resolve(`web--pr-1.${domain}`).kind, 'reconnecting');
});

t.test('how a forward ended is told with it', async (t) => {
  const ended: string[] = [];
  const { machine, gateway, tunnel } = await setUp(t, {
    onForwardEnd: ({ request }, { kind, reason }) => ended.push(`${forwardKey(request)} ${kind}: ${reason}`),
  });
  await machine.forward('api', 80);
  await machine.forward('db', 80);
  const db = await gateway.forward('db--pr-1');
  await new Promise<void>((resolve, reject) => {
    machine.client.unforwardIn('web', 80, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
  tunnel.changeForward(db, { ttlMs: 1 }, 'private');
  await db.closed;
  tunnel.destroy('no sign of life');
  t.same(ended, [
    'web:80 withdrawn: withdrawn by the client',
    'db:80 expired: its ttl is over',
    'api:80 lost: no sign of life',
  ]);
  const other = await setUp(t, { onForwardEnd: (_forward, { kind }) => ended.push(kind) });
  other.tunnel.withdraw('ended by its user');
  t.equal(ended.at(-1), 'withdrawn');
});

t.test('what a channel open said is told first', async (t) => {
  const told: string[] = [];
  const setting = await setUp(t, {
    maxChannels: 2,
    channelOpenTimeoutMs: 50,
    onChannelOpen: (forward, result, detail) => {
      told.push([forward.route.service, result, detail].join(' '));
      throw new Error('a bug in whoever hears of it');
    },
  });
  const { machine, forward, tunnel } = setting;
  const next = async (): Promise<string> => {
    const failure = await failureOf(forward.openChannel(origin));
    return `${failure}: ${String(told.at(-1))}`;
  };
  const { channel } = await openPair(setting);
  t.equal(told.at(-1), 'web accepted ');
  machine.client.removeAllListeners('tcp connection');
  machine.client.on('tcp connection', (_info, _accept, reject) => reject());
  t.match(await next(), /^refused: web refused /);
  machine.client.removeAllListeners('tcp connection');
  machine.client.on('tcp connection', () => undefined);
  t.equal(await next(), 'timeout: web timeout ');
  t.equal(await next(), 'limit: web limit ');
  tunnel.destroy('by the test');
  t.equal(await next(), 'gone: web gone ');
  t.equal(told.length, 5);
  t.equal(channel.destroyed, true);
});

t.test('a ttl ends the forward, not the tunnel; a change of it begins anew', async (t) => {
  const { tunnel } = await setUp(t);
  const target = { kind: 'streamlocal', socketPath: '/x' } as const;
  const route = { env: 'pr-1', service: 'x', port: undefined };
  const added = tunnel.addForward({
    request: target,
    target,
    route,
    options: { ttlMs: 60_000 },
    access: 'private',
  });
  if (added === null) throw new Error('not added');
  tunnel.changeForward(added, { ttlMs: 60_000 }, 'public');
  t.equal(added.access, 'public');
  t.same(added.options, { ttlMs: 60_000 });
  tunnel.changeForward(added, { ttlMs: 1 }, 'public');
  t.equal(await added.closed, 'its ttl is over');
  t.equal(tunnel.findForward(target), undefined);
  t.equal(tunnel.live, true);
});

t.test('a tunnel has a maximum of forwards, and takes none when it is gone', async (t) => {
  const { tunnel } = await setUp(t, { maxForwards: 2 });
  const add = (path: string): Forward | null => {
    const target = { kind: 'streamlocal', socketPath: path } as const;
    const route = { env: 'pr-1', service: path.slice(1), port: undefined };
    return tunnel.addForward({ request: target, target, route, options: {}, access: 'private' });
  };
  t.ok(add('/a'));
  t.equal(add('/b'), null);
  tunnel.destroy('by the test');
  t.equal(add('/c'), null);
});

t.test('what this code knows of the inside of ssh2 is there', async (t) => {
  const { machine } = await setUp(t);
  const { protocol, ids, socket } = internalsOf(machine.client);
  const methods = [
    ...['channelData', 'channelEOF', 'channelClose', 'channelWindowAdjust', 'channelFailure'],
    ...['forwardedTcpip', 'openssh_forwardedStreamLocal', 'ping', '_onPacket'],
  ];
  const fields = protocol as unknown as Record<string, unknown>;
  for (const method of methods) t.type(fields[method], 'function', method);
  t.ok('_kexinit' in protocol);
  t.type(protocol._packetRW.write.allocStartKEX, 'number');
  t.type(Reflect.get(protocol._packetRW.write, 'finalize'), 'function');
  t.type(Reflect.get(protocol._cipher, 'encrypt'), 'function');
  t.type(Reflect.get(protocol._handlers, 'CHANNEL_DATA'), 'function');
  t.type(Reflect.get(ids, 'add'), 'function');
  t.equal(socket, machine.socket);
});
