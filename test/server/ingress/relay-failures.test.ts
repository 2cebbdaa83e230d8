import type { Socket } from 'node:net';
import t from 'tap';
import type { Gateway } from './gateway.ts';
import { RawClient, exchangeBytes, get, parseAnswer } from './raw-client.ts';
import { head, host, withBytes, withPort } from './relaying.ts';
import { eventually, rawUpstream } from './sockets.ts';
import type { Teardown } from './sockets.ts';

/** How the visitor's connection ended: an incomplete answer must not look complete. */
async function brokenAnswer(
  t: Teardown,
  gateway: Gateway,
  bytes = `${head}\r\n`,
): Promise<{ received: string; error: string | undefined }> {
  const client = new RawClient(t, gateway.port).send(bytes);
  await client.end();
  await eventually(() => client.closed || client.ended);
  return { received: client.received, error: client.error?.code };
}

t.test('an answer that is cut short ends in a reset', async (t) => {
  const cut: Record<string, string> = {
    length: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort',
    chunked: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n',
    'in a chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort',
  };
  for (const [name, bytes] of Object.entries(cut)) {
    for (const after of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
      const gateway = await withBytes(t, bytes, after);
      const { error } = await brokenAnswer(t, gateway);
      t.equal(error, 'ECONNRESET', name);
      t.match(await gateway.over(1), [{ status: 200, aborted: true }]);
      const old = await brokenAnswer(t, gateway, `GET / HTTP/1.0\r\nHost: ${host}\r\n\r\n`);
      t.equal(old.error, 'ECONNRESET', `${name}, to HTTP/1.0, which would take the end for complete`);
    }
  }
});

t.test('nonsense inside an answer ends in a reset', async (t) => {
  const gateway = await withBytes(
    t,
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\nzz\r\n',
  );
  t.equal((await brokenAnswer(t, gateway)).error, 'ECONNRESET');
});

t.test('an answer that ends with its connection is complete, but not when the tunnel is lost', async (t) => {
  const bytes = 'HTTP/1.1 200 OK\r\n\r\nall of it';
  const whole = await withBytes(t, bytes, (socket) => socket.end());
  t.match(parseAnswer(await exchangeBytes(t, whole.port, `${head}Connection: close\r\n\r\n`)), {
    status: 200,
    body: /all of it/,
  });
  for (const error of [undefined, new Error('the tunnel is lost')]) {
    const lost = await withBytes(t, bytes);
    const client = new RawClient(t, lost.port).send(`${head}\r\n`);
    await client.until('all of it');
    lost.forward.lose(error);
    await client.end();
    t.notMatch(client.received, /0\r\n\r\n$/);
    t.equal(client.error?.code, 'ECONNRESET');
  }
});

t.test('an answer that is none is told as such', async (t) => {
  const nonsense: Record<string, string> = {
    garbage: 'this is not HTTP\r\n\r\n',
    'an SSH server': 'SSH-2.0-OpenSSH_9.2\r\n',
    'HTTP/2': '\x00\x00\x12\x04\x00\x00\x00\x00\x00',
    'both framings': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef',
    'a bad header': 'HTTP/1.1 200 OK\r\nBad Header: x\r\n\r\n',
    'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
    'a head without end': `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}`,
    'an upgrade that nobody asked for':
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'a bare 101': 'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    'a control character in the reason': 'HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n',
  };
  for (const [name, bytes] of Object.entries(nonsense)) {
    const gateway = await withBytes(t, bytes);
    const answer = await get(t, gateway.port, host, { headers: 'Accept: application/json\r\n' });
    t.equal(answer.status, 502, name);
    t.match(JSON.parse(answer.body), { code: 'ERR_UPSTREAM_PROTOCOL', forward: '-R web:80' }, name);
    await eventually(() => gateway.forward.channels.size === 0);
  }
});

t.test('a second answer that nobody asked for reaches nobody', async (t) => {
  const once200 = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst';
  const later = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';
  const together = await withBytes(t, once200 + later);
  t.equal((await get(t, together.port, host)).body, 'first');
  const apart = await withBytes(t, once200, (socket) => socket.write(later));
  for (const attempt of [1, 2, 3]) {
    t.equal((await get(t, apart.port, host)).body, 'first', `attempt ${attempt}`);
    await eventually(() => apart.forward.channels.size === 0);
  }
});

t.test('an upstream that closes without an answer, or does not accept', async (t) => {
  const closing = await withPort(
    t,
    await rawUpstream(t, (socket) => socket.once('data', () => socket.end())),
  );
  t.match(await get(t, closing.port, host), {
    status: 502,
    headers: { 'porthole-error': 'ERR_UPSTREAM_PROTOCOL' },
  });
  closing.forward.failure = { kind: 'refused', detail: 'connect ECONNREFUSED 127.0.0.1:3000' };
  const refused = await get(t, closing.port, host);
  t.match(refused, {
    status: 502,
    headers: { 'porthole-error': 'ERR_UPSTREAM_REFUSED' },
    body: /127\.0\.0\.1:3000/,
  });
  closing.forward.failure = { kind: 'timeout' };
  t.match(await get(t, closing.port, host), {
    status: 504,
    headers: { 'porthole-error': 'ERR_UPSTREAM_TIMEOUT' },
  });
  closing.forward.failure = { kind: 'limit' };
  t.match(await get(t, closing.port, host), {
    status: 503,
    headers: { 'porthole-error': 'ERR_BUSY', 'retry-after': '1' },
  });
});

t.test('silence has its limits', async (t) => {
  const silent = await rawUpstream(t, (socket) => socket.resume());
  const limits = { responseTimeoutMs: 60, idleTimeoutMs: 120, streamIdleTimeoutMs: 600_000 };
  const gateway = await withPort(t, silent, { limits });
  t.match(await get(t, gateway.port, host), {
    status: 504,
    headers: { 'porthole-error': 'ERR_UPSTREAM_TIMEOUT' },
  });
  await eventually(() => gateway.forward.channels.size === 0);
  const slow = new RawClient(t, gateway.port).send(
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 10\r\n\r\nabc`,
  );
  t.match(parseAnswer(await slow.end()), {
    status: 408,
    headers: { 'porthole-error': 'ERR_REQUEST_TIMEOUT' },
  });
  const half = await withPort(
    t,
    await rawUpstream(t, (socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')),
    ),
    { limits },
  );
  t.equal((await brokenAnswer(t, half)).error, 'ECONNRESET', 'an answer that stops half-way');
});
