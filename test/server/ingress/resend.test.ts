import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import t from 'tap';
import { FakeForward } from './fake-forward.ts';
import { environmentView } from './fake-router.ts';
import { startGateway } from './gateway.ts';
import { RawClient, exchangeBytes, get, parseAnswer } from './raw-client.ts';
import { eventually, listen, rawUpstream } from './sockets.ts';
import type { Teardown } from './sockets.ts';

const host = 'web--pr-1.preview.test';
const route = { env: 'pr-1', service: 'web', port: undefined };

async function httpPort(t: Teardown, handler: RequestListener): Promise<number> {
  return listen(t, createServer(handler));
}

/** An upstream that answers once on each connection, and closes it when it is asked again. */
async function staleUpstream(t: Teardown): Promise<{ port: number; asked: () => number }> {
  let asked = 0;
  const port = await rawUpstream(t, (socket) => {
    let first = true;
    socket.on('data', () => {
      asked += 1;
      if (first) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      else socket.destroy();
      first = false;
    });
  });
  return { port, asked: () => asked };
}

t.test('a GET on a channel that was closed while idle goes out again on a new one', async (t) => {
  const { port, asked } = await staleUpstream(t);
  const gateway = await startGateway(t);
  const forward = new FakeForward(port);
  gateway.router.serve('web--pr-1', forward);
  t.equal((await get(t, gateway.port, host)).body, 'ok');
  t.equal((await get(t, gateway.port, host)).body, 'ok');
  t.equal(asked(), 3, 'asked on the old channel, and again on the new one');
  t.equal(forward.origins.length, 2);
  t.equal(gateway.counted.retried, 1);
});

t.test('a POST that may have arrived is never sent again', async (t) => {
  const { port, asked } = await staleUpstream(t);
  const gateway = await startGateway(t);
  gateway.router.serve('web--pr-1', new FakeForward(port), new FakeForward(port));
  t.equal((await get(t, gateway.port, host)).body, 'ok');
  for (const body of ['Content-Length: 0\r\n\r\n', 'Content-Length: 3\r\n\r\nabc']) {
    const before = asked();
    const answer = parseAnswer(
      await exchangeBytes(
        t,
        gateway.port,
        `POST / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${body}`,
      ),
    );
    t.equal(asked(), before + 1);
    if (answer.status === 200) continue;
    t.match(answer, { status: 502, headers: { 'porthole-error': 'ERR_UPSTREAM_LOST' } });
  }
  t.equal(gateway.counted.retried, 0);
});

t.test('what could not be sent goes to the stand-by, whatever it is', async (t) => {
  const port = await httpPort(t, (request, response) => {
    request.on('data', () => {}).on('end', () => response.end('from the stand-by'));
  });
  for (const failure of [
    { kind: 'gone' },
    { kind: 'timeout' },
    { kind: 'refused', detail: '' },
    { kind: 'limit' },
  ] as const) {
    const gateway = await startGateway(t);
    const newer = new FakeForward(1);
    newer.failure = failure;
    const standby = new FakeForward(port, { tunnelId: 'tunnel-2' });
    gateway.router.serve('web--pr-1', newer, standby);
    const post = `POST / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc`;
    t.match(
      parseAnswer(await exchangeBytes(t, gateway.port, post)),
      { status: 200, body: 'from the stand-by' },
      failure.kind,
    );
    t.match(await gateway.over(1), [{ tunnelId: 'tunnel-2', status: 200, bytesIn: 3 }]);
    t.equal(gateway.counted.retried, 1);
  }
});

t.test('once, and not a third time', async (t) => {
  const gateway = await startGateway(t);
  const both = [new FakeForward(1), new FakeForward(1)] as const;
  for (const forward of both) forward.failure = { kind: 'refused', detail: '' };
  gateway.router.serve('web--pr-1', ...both);
  t.match(await get(t, gateway.port, host), {
    status: 502,
    headers: { 'porthole-error': 'ERR_UPSTREAM_REFUSED' },
  });
  t.same(
    both.map(({ origins }) => origins.length),
    [1, 1],
  );
});

t.test('what a newer tunnel has taken over meanwhile goes there', async (t) => {
  const gateway = await startGateway(t);
  const port = await httpPort(t, (_request, response) => response.end('from the newer'));
  const frozen = new FakeForward(1);
  const opening = Promise.withResolvers<undefined>();
  frozen.gate = opening.promise;
  frozen.failure = { kind: 'timeout' };
  gateway.router.serve('web--pr-1', frozen);
  const asked = get(t, gateway.port, host);
  await eventually(() => frozen.origins.length === 1);
  gateway.router.serve('web--pr-1', new FakeForward(port), frozen);
  opening.resolve(undefined);
  t.equal((await asked).body, 'from the newer');
});

t.test('a retry takes no other channel that may be stale too', async (t) => {
  const { port } = await staleUpstream(t);
  const gateway = await startGateway(t);
  const forward = new FakeForward(port);
  gateway.router.serve('web--pr-1', forward);
  await Promise.all([get(t, gateway.port, host), get(t, gateway.port, host), get(t, gateway.port, host)]);
  const { size } = forward.channels;
  t.equal((await get(t, gateway.port, host)).body, 'ok');
  t.equal(forward.channels.size, size, 'one was closed, and one opened');
});

t.test(
  'a channel that had closed before anything was written to it: on another, whatever it is',
  async (t) => {
    const port = await httpPort(t, (request, response) => {
      request.resume().on('end', () => response.end(request.method));
    });
    const gateway = await startGateway(t);
    const forward = new FakeForward(port);
    const open = forward.openChannel.bind(forward);
    forward.openChannel = async (origin) => {
      const channel = await open(origin);
      if (forward.origins.length % 2 === 1) channel.destroy();
      return channel;
    };
    gateway.router.serve('web--pr-1', forward);
    for (const body of ['Content-Length: 0\r\n\r\n', 'Content-Length: 3\r\n\r\nabc']) {
      const post = `POST / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${body}`;
      t.match(parseAnswer(await exchangeBytes(t, gateway.port, post)), { status: 200, body: 'POST' });
      for (const channel of forward.channels) channel.destroy();
    }
    t.equal(gateway.counted.retried, 2);
  },
);

t.test('a handshake of an upgrade that got no answer is made again', async (t) => {
  const gateway = await startGateway(t);
  const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n';
  const silent = await rawUpstream(t, (socket) => socket.once('data', () => lost.lose()));
  const port = await rawUpstream(t, (socket) => socket.once('data', () => socket.write(switching)));
  const lost = new FakeForward(silent);
  const standby = new FakeForward(port);
  gateway.router.serve('web--pr-1', lost, standby);
  const request = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n`;
  const client = new RawClient(t, gateway.port).send(request);
  await client.until('101 Switching Protocols');
  t.equal(gateway.counted.retried, 1);
  t.equal(lost.load.requests, 0);
  t.equal(standby.load.requests, 1, 'in flight for as long as it is open');
  client.socket.destroy();
  await eventually(() => standby.load.requests === 0);
});

t.test('each request is in flight on its forward until it is over, however it ends', async (t) => {
  const gateway = await startGateway(t);
  const sockets: Socket[] = [];
  const port = await rawUpstream(t, (socket) => {
    sockets.push(socket);
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'));
  });
  const forward = new FakeForward(port);
  gateway.router.serve('web--pr-1', forward);
  const client = (): RawClient =>
    new RawClient(t, gateway.port).send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const [complete, left, broken] = [client(), client(), client()];
  await Promise.all([complete, left, broken].map((each) => each.until('\r\n\r\n')));
  t.equal(forward.load.requests, 3);
  left.socket.destroy();
  await eventually(() => forward.load.requests === 2);
  for (const socket of sockets) socket.write('0123456789');
  await complete.until('0123456789');
  await eventually(() => forward.load.requests === 0);
  forward.failure = { kind: 'refused', detail: '' };
  for (const channel of forward.channels) channel.destroy();
  t.equal((await get(t, gateway.port, host)).status, 502);
  t.equal(forward.load.requests, 0);
});

t.test('a forward that was withdrawn finishes what runs on it', async (t) => {
  const sockets: Socket[] = [];
  const port = await rawUpstream(t, (socket) => {
    sockets.push(socket);
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf'));
  });
  const gateway = await startGateway(t);
  const forward = new FakeForward(port);
  gateway.router.serve('web--pr-1', forward);
  const client = new RawClient(t, gateway.port).send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await client.until('half');
  forward.withdraw();
  await forward.closed;
  sockets[0]?.write('done');
  await client.until('halfdone');
  await eventually(() => forward.channels.size === 0);
});

t.test('the stand-by is only for those who may visit it', async (t) => {
  const gateway = await startGateway(t);
  const newer = new FakeForward(1);
  newer.failure = { kind: 'timeout' };
  const standby = new FakeForward(1, { access: 'private' });
  gateway.router.serve('web--pr-1', newer, standby);
  t.match(await get(t, gateway.port, host), {
    status: 401,
    headers: { 'porthole-error': 'ERR_LOGIN_REQUIRED' },
  });
  t.equal(standby.origins.length, 0);
});

t.test('a tunnel that is lost under a GET: it waits for the next one', async (t) => {
  const gateway = await startGateway(t);
  const environment = environmentView();
  const silent = await rawUpstream(t, (socket) =>
    socket.once('data', () => {
      gateway.router.routes.set('web--pr-1', { kind: 'reconnecting', environment, route });
      lost.lose();
    }),
  );
  const lost = new FakeForward(silent);
  const next = new FakeForward(await httpPort(t, (_request, response) => response.end('served again')));
  gateway.router.serve('web--pr-1', lost);
  const held = gateway.router.held();
  const asked = get(t, gateway.port, host);
  await held;
  gateway.router.holds[0]?.settle({
    kind: 'forward',
    environment,
    state: 'ready',
    forward: next,
    standby: undefined,
  });
  t.match(await asked, { status: 200, body: 'served again' });
});

t.test('a tunnel that is lost under a GET and does not come back: the truth is told', async (t) => {
  const gateway = await startGateway(t);
  const environment = environmentView();
  const silent = await rawUpstream(t, (socket) =>
    socket.once('data', () => {
      gateway.router.routes.set('web--pr-1', {
        kind: 'offline',
        environment,
        route,
        state: 'offline',
        sinceMs: 0,
      });
      lost.lose();
    }),
  );
  const lost = new FakeForward(silent);
  gateway.router.serve('web--pr-1', lost);
  t.match(await get(t, gateway.port, host), {
    status: 502,
    headers: { 'porthole-error': 'ERR_UPSTREAM_LOST' },
  });
});

t.test('a tunnel that is lost under a POST: the truth is told', async (t) => {
  const gateway = await startGateway(t);
  const silent = await rawUpstream(t, (socket) => socket.once('data', () => forward.lose()));
  const forward = new FakeForward(silent);
  gateway.router.serve('web--pr-1', forward, new FakeForward(silent));
  const post = `POST / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc`;
  t.match(parseAnswer(await exchangeBytes(t, gateway.port, post)), {
    status: 502,
    headers: { 'porthole-error': 'ERR_UPSTREAM_LOST' },
  });
  t.equal(gateway.counted.retried, 0);
});

t.test('a tunnel that is lost ends what runs in it at once, and the pool with it', async (t) => {
  const sockets: Socket[] = [];
  const port = await rawUpstream(t, (socket) => {
    sockets.push(socket);
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'));
  });
  const gateway = await startGateway(t);
  const forward = new FakeForward(port);
  gateway.router.serve('web--pr-1', forward);
  const client = new RawClient(t, gateway.port).send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await client.until('half');
  forward.lose();
  await client.end();
  t.equal(client.error?.code, 'ECONNRESET');
  t.equal(forward.channels.size, 0);
});

t.test('idle channels are not kept for long, nor longer than the upstream says', async (t) => {
  const port = await httpPort(t, (_request, response) => {
    response.setHeader('Keep-Alive', 'timeout=1');
    response.end('ok');
  });
  const gateway = await startGateway(t);
  const forward = new FakeForward(port);
  gateway.router.serve('web--pr-1', forward);
  await get(t, gateway.port, host);
  await eventually(() => forward.channels.size === 0);
  await get(t, gateway.port, host);
  t.equal(forward.origins.length, 2, 'a second is too short to be safe: a channel each');
});
