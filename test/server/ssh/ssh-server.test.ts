import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import ssh2 from 'ssh2';
import t from 'tap';
import { dialIn, startDialling } from '../../support/machine.ts';
import { startSshGateway, type SshGateway } from '../../support/ssh-gateway.ts';
import type { TestScope } from '../../support/scope.ts';
import { until } from '../../support/until.ts';

/** A TCP connection that says what the test says. */
function rawClient(
  t: TestScope,
  { port }: SshGateway,
): { socket: Socket; received: () => number; closed: Promise<unknown> } {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let received = 0;
  socket.on('error', () => undefined);
  socket.on('data', (data: Buffer) => {
    received += data.length;
  });
  t.teardown(() => socket.destroy());
  return {
    socket,
    received: () => received,
    closed: new Promise((resolve) => void socket.on('close', resolve)),
  };
}

t.test('a silent connection has its grace, then its place is free', async (t) => {
  const gateway = await startSshGateway(t, { loginGraceMs: 30 });
  const silent = rawClient(t, gateway);
  await once(silent.socket, 'connect');
  await until('it is counted', () => gateway.server.pendingLogins === 1);
  await silent.closed;
  await until('its place is free', () => gateway.server.pendingLogins === 0);
});

t.test('one that leaves on its own gives its place back at once', async (t) => {
  const gateway = await startSshGateway(t);
  const leaves = rawClient(t, gateway);
  await until('it is counted', () => gateway.server.pendingLogins === 1);
  leaves.socket.end();
  await until('its place is free', () => gateway.server.pendingLogins === 0);
  await leaves.closed;
});

t.test('so has one that begins, and one that never comes to an end', async (t) => {
  const gateway = await startSshGateway(t, { loginGraceMs: 50 });
  const begins = rawClient(t, gateway);
  begins.socket.write('SSH-2.0-slow\r\n');
  const dribbles = rawClient(t, gateway);
  const drip = setInterval(() => dribbles.socket.write('S'), 5);
  t.teardown(() => {
    clearInterval(drip);
  });
  await Promise.all([begins.closed, dribbles.closed]);
  await until('both places are free', () => gateway.server.pendingLogins === 0);
});

t.test('after the login the grace is over', async (t) => {
  const gateway = await startSshGateway(t, { loginGraceMs: 2000 });
  const machine = await dialIn(t, gateway.port);
  t.equal(gateway.server.pendingLogins, 0);
  const tunnel = await gateway.tunnel();
  t.equal(tunnel.live, true);
  t.equal(machine.socket.destroyed, false);
});

t.test('connections that have not logged in are limited, in all and for each source', async (t) => {
  const refused: string[] = [];
  const gateway = await startSshGateway(t, {
    maxStartupsPerSource: 2,
    onTooManyStartups: (source) => refused.push(source),
  });
  const first = rawClient(t, gateway);
  const second = rawClient(t, gateway);
  await until('both are there', () => gateway.server.pendingLogins === 2);
  const third = rawClient(t, gateway);
  await third.closed;
  t.same(refused, ['127.0.0.1']);
  t.equal(third.received(), 0);
  first.socket.destroy();
  await until('a place is free', () => gateway.server.pendingLogins === 1);
  const machine = await dialIn(t, gateway.port);
  t.equal(gateway.server.pendingLogins, 1, 'who has logged in does not count');
  await dialIn(t, gateway.port, { key: machine.key });
  second.socket.destroy();
});

t.test('a socket that is dead on arrival takes no place', async (t) => {
  const gateway = await startSshGateway(t);
  const dead = new PassThrough();
  dead.destroy();
  await once(dead, 'close');
  gateway.server.accept(dead, '192.0.2.1');
  t.equal(gateway.server.pendingLogins, 0);
});

t.test('an identification line in single bytes is understood', async (t) => {
  const gateway = await startSshGateway(t);
  const client = rawClient(t, gateway);
  await until('the server speaks first', () => client.received() > 0);
  const before = client.received();
  for (const byte of 'SSH-2.0-slow\r\n') {
    client.socket.write(byte);
    await nextTurn();
  }
  await until('its KEXINIT', () => client.received() > before + 100);
  t.equal(client.socket.destroyed, false);
});

t.test('garbage ends its connection, and disturbs nobody', async (t) => {
  const gateway = await startSshGateway(t);
  const good = await dialIn(t, gateway.port);
  await good.forward('web', 80);
  const length = (bytes: number): Buffer => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(bytes);
    return head;
  };
  const ident = Buffer.from('SSH-2.0-garbage\r\n');
  const garbage = [
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    Buffer.from('SSH-1.5-old\r\n'),
    Buffer.from('SSH-\r\n'),
    Buffer.from('\r\n\r\n\r\n'),
    randomBytes(5000),
    Buffer.alloc(10_000, 'x'),
    Buffer.concat([ident, randomBytes(1000)]),
    Buffer.concat([ident, length(0xffff_ffff), randomBytes(100)]),
    Buffer.concat([ident, length(12), Buffer.from([10, 20]), randomBytes(10)]),
    // KEXINIT with lists that end nowhere; a message that does not belong there; one without a content.
    Buffer.concat([ident, length(28), Buffer.from([4, 20]), Buffer.alloc(16), length(1000), Buffer.alloc(6)]),
    Buffer.concat([ident, length(12), Buffer.from([4, 50]), Buffer.alloc(10)]),
    Buffer.concat([ident, length(12), Buffer.from([10]), Buffer.alloc(11)]),
  ];
  for (const bytes of garbage) {
    const client = rawClient(t, gateway);
    client.socket.end(bytes);
    await client.closed;
  }
  await until('all are gone', () => gateway.server.pendingLogins === 0);
  t.equal(good.socket.destroyed, false);
  t.equal((await gateway.forward('web--pr-1')).live, true);
  t.ok(await dialIn(t, gateway.port, { key: good.key }));
});

t.test('random packets after the login end at most their own connection', async (t) => {
  const gateway = await startSshGateway(t);
  const good = await dialIn(t, gateway.port, { user: 'good' });
  await good.forward('web', 80);
  for (let type = 0; type < 256; type += 1) {
    const machine = await dialIn(t, gateway.port, { key: good.key, user: 'bad' });
    const { write } = machine.protocol._packetRW;
    const body = randomBytes(40);
    const packet = write.alloc(1 + body.length);
    packet[write.allocStart] = type;
    packet.set(body, write.allocStart + 1);
    machine.protocol._cipher.encrypt(write.finalize(packet));
    machine.socket.end();
    await machine.closed;
  }
  t.equal((await gateway.forward('web--good')).live, true);
});

t.test('the login and a forward in one segment', async (t) => {
  const gateway = await startSshGateway(t);
  const machine = startDialling(t, gateway.port, {
    config: {
      authHandler: (_left: unknown, _partial: unknown, next: (auth: unknown) => void) => {
        const parsed = ssh2.utils.parseKey(machine.key.privateKey);
        if (parsed instanceof Error) throw parsed;
        // ssh2 asks whether the key may try, and then signs.
        const sign = parsed.sign.bind(parsed);
        parsed.sign = (data, algorithm) => {
          machine.socket.cork();
          setImmediate(() => {
            machine.protocol.tcpipForward('web', 80, true);
            machine.socket.uncork();
          });
          return sign(data, algorithm);
        };
        next({ type: 'publickey', username: 'pr-1', key: parsed });
      },
    } as never,
  });
  const forward = await gateway.forward('web--pr-1');
  t.equal(forward.live, true);
  t.same(gateway.counted, ['authenticated ok', 'tunnel opened']);
});

t.test('ended politely, those who watch are told; destroyed, all are gone', async (t) => {
  const gateway = await startSshGateway(t);
  const machine = await dialIn(t, gateway.port);
  await machine.forward('web', 80);
  const shell = await new Promise<ssh2.ClientChannel>((resolve, reject) => {
    machine.client.shell((error, channel) => (error ? reject(error) : resolve(channel)));
  });
  let shown = '';
  let told = '';
  shell.on('data', (data: Buffer) => (shown += data.toString()));
  shell.stderr.on('data', (data: Buffer) => (told += data.toString()));
  await until('the session is shown', () => shown.includes('Ctrl-C'));
  const silent = rawClient(t, gateway);
  await until('both are there', () => gateway.sockets.length === 2);
  gateway.server.end('the gateway is shutting down');
  await machine.closed;
  t.match(told, /the gateway is shutting down/);
  t.same(gateway.server.tunnels, []);
  t.equal(silent.socket.destroyed, false, 'it is nobody yet');
  gateway.server.destroy();
  await silent.closed;
  await until('its place is free', () => gateway.server.pendingLogins === 0);
});

t.test('who is logged in, as the keys are now', async (t) => {
  const gateway = await startSshGateway(t);
  rawClient(t, gateway);
  const machine = await dialIn(t, gateway.port);
  await gateway.tunnel();
  t.match(gateway.server.logins, [{ identity: { role: 'admin' }, address: '127.0.0.1' }]);
  t.same(gateway.server.keysOf('pr-1'), [], 'it offers nothing');
  await machine.forward('', 80);
  t.match(gateway.server.keysOf('pr-1'), [{ key: { type: 'ssh-ed25519', blob: machine.key.blob } }]);
  t.same(gateway.server.keysOf('pr-2'), []);
  gateway.admissions.set(machine.key.blob, { role: 'member', expiresAt: Date.now() + 3_600_000 });
  t.match(gateway.server.logins, [{ identity: { role: 'member' } }], 'what was changed counts at once');
  gateway.admissions.set(machine.key.blob, 'refused');
  t.same(gateway.server.logins, []);
  t.same(gateway.server.keysOf('pr-1'), []);
  await machine.closed;
});

t.test('a key that has expired ends its connection, once, unless it has more time by then', async (t) => {
  const clock = { now: 1000 };
  const gateway = await startSshGateway(t, { now: () => clock.now, expiryCheckMs: 1 });
  const [ends, stays] = await Promise.all(['pr-1', 'pr-2'].map((user) => dialIn(t, gateway.port, { user })));
  await gateway.tunnel(1);
  const admit = gateway.admissions.admit.bind(gateway.admissions);
  // Nobody tells that the time is over.
  gateway.admissions.admit = (key) => {
    const over = clock.now >= 2000 && key.blob.equals(ends?.key.blob ?? Buffer.alloc(0));
    return over ? { kind: 'refused', reason: 'this key expired' } : admit(key);
  };
  for (const machine of [ends, stays]) {
    if (machine !== undefined) gateway.admissions.set(machine.key.blob, { expiresAt: 2000 });
  }
  t.equal(gateway.server.logins.length, 2);
  clock.now = 2000;
  await ends?.closed;
  t.equal(stays?.socket.destroyed, false);
  t.equal(
    gateway.counted.filter((what) => what === 'tunnel closed: access withdrawn: this key expired').length,
    1,
  );
});

t.test('it logs once whether ssh2 has its compiled part', async (t) => {
  const gateway = await startSshGateway(t);
  t.equal(gateway.logLines.filter((line) => 'native' in line).length, 1);
});

t.test(
  'when nobody may log in any more, logins under way end with the reason, and tunnels stay',
  async (t) => {
    const gateway = await startSshGateway(t);
    const machine = await dialIn(t, gateway.port);
    const nameless = rawClient(t, gateway);
    await until('it is counted', () => gateway.server.pendingLogins === 1);
    const atLogin = Promise.withResolvers<undefined>();
    const loggingIn = startDialling(t, gateway.port, {
      user: 'pr-2',
      // Never offers a key.
      config: { authHandler: () => atLogin.resolve(undefined) },
    });
    const told = new Promise<unknown[]>((resolve) => {
      loggingIn.protocol._handlers['DISCONNECT'] = (...words: unknown[]) => resolve(words.slice(1));
    });
    await atLogin.promise;
    gateway.server.refuse('the gateway is shutting down');
    gateway.server.refuse('again');
    t.same(await told, [11, 'the gateway is shutting down']);
    await Promise.all([nameless.closed, loggingIn.closed]);
    const late = rawClient(t, gateway);
    await late.closed;
    t.equal(gateway.server.tunnels.length, 1);
    t.equal(machine.socket.closed, false);
    const [tunnel] = gateway.server.tunnels;
    if (tunnel !== undefined) gateway.server.endTunnel(tunnel, 'connect again');
    await machine.closed;
    t.same(gateway.server.tunnels, []);
  },
);
