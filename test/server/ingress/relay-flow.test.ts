import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import t from 'tap';
import { RawClient, get } from './raw-client.ts';
import { head, host, withPort, withUpstream } from './relaying.ts';
import { eventually, rawUpstream, readAll } from './sockets.ts';

t.test('a visitor that does not read stops the upstream, and a bounded amount waits', async (t) => {
  let sent = 0;
  let waiting = false;
  const stalled = Promise.withResolvers<undefined>();
  const gateway = await withUpstream(t, (_request, response) => {
    const piece = Buffer.alloc(64 * 1024);
    const pump = (): void => {
      while (sent < 200e6) {
        sent += piece.length;
        if (!response.write(piece)) {
          waiting = true;
          const before = sent;
          setTimeout(() => sent === before && stalled.resolve(undefined), 60);
          return;
        }
      }
    };
    response.on('drain', () => {
      waiting = false;
      pump();
    });
    pump();
  });
  const client = new RawClient(t, gateway.port);
  client.socket.pause();
  client.send(`${head}\r\n`);
  await stalled.promise;
  t.equal(waiting, true);
  t.ok(sent < 40e6, `${sent} bytes are in the buffers of three sockets`);
  const [channel] = gateway.forward.channels;
  t.ok((channel?.readableLength ?? 0) <= 256 * 1024, 'unread in the gateway');
  client.socket.destroy();
  await eventually(() => gateway.forward.channels.size === 0);
  t.match(await gateway.over(1), [{ aborted: true, status: 200 }]);
});

t.test('an upstream that does not read stops the visitor', async (t) => {
  const port = await rawUpstream(t, (socket) => socket.pause());
  const gateway = await withPort(t, port);
  const client = new RawClient(t, gateway.port);
  client.send(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 200000000\r\n\r\n`);
  const piece = Buffer.alloc(64 * 1024);
  let sent = 0;
  while (sent < 200e6) {
    sent += piece.length;
    if (client.socket.write(piece)) continue;
    const drained = once(client.socket, 'drain').then(() => true);
    if (!(await Promise.race([drained, new Promise((resolve) => void setTimeout(() => resolve(false), 80))])))
      break;
  }
  t.ok(sent < 40e6, `${sent} bytes are in the buffers of three sockets`);
  const [channel] = gateway.forward.channels;
  t.ok((channel?.writableLength ?? 0) <= 512 * 1024);
  client.socket.destroy();
  await eventually(() => gateway.forward.channels.size === 0);
});

t.test('a visitor that leaves takes its request with it, at once', async (t) => {
  const gone: Promise<unknown>[] = [];
  const gateway = await withUpstream(t, (request, response) => {
    gone.push(new Promise((resolve) => void request.socket.once('close', resolve)));
    request.resume();
    if (request.url === '/download') response.write('x'.repeat(100));
  });
  const cases: Record<string, [string, string | undefined]> = {
    waiting: [`GET /wait HTTP/1.1\r\nHost: ${host}\r\n\r\n`, undefined],
    download: [`GET /download HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 'xxx'],
    upload: [`POST /upload HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100\r\n\r\nabc`, undefined],
  };
  for (const [name, [bytes, until]] of Object.entries(cases)) {
    const before = gone.length;
    const client = new RawClient(t, gateway.port).send(bytes);
    if (until !== undefined) await client.until(until);
    await eventually(() => gone.length > before);
    client.socket.destroy();
    await gone[before];
    await eventually(() => gateway.forward.channels.size === 0);
    t.equal(gateway.ingress.inFlight, 0, name);
  }
  t.ok(gateway.entries.every(({ aborted }) => aborted));
});

t.test('a visitor that leaves while the channel opens leaves a channel for others', async (t) => {
  const gateway = await withUpstream(t, (_request, response) => response.end('ok'));
  const gate = Promise.withResolvers<undefined>();
  gateway.forward.gate = gate.promise;
  const client = new RawClient(t, gateway.port).send(`${head}\r\n`);
  await eventually(() => gateway.forward.origins.length === 1);
  client.socket.destroy();
  await gateway.over(1);
  gate.resolve(undefined);
  await eventually(() => gateway.forward.channels.size === 1);
  gateway.forward.gate = undefined;
  t.equal((await get(t, gateway.port, host)).body, 'ok');
  t.equal(gateway.forward.origins.length, 1, 'no second channel was opened');
});

t.test('server-sent events may be quiet for longer', async (t) => {
  const responses: { write(text: string): unknown }[] = [];
  const gateway = await withUpstream(
    t,
    (request, response) => {
      response.writeHead(200, {
        'Content-Type': request.url === '/events' ? 'text/event-stream' : 'text/plain',
      });
      response.write('data: 1\n\n');
      responses.push(response);
    },
    { limits: { idleTimeoutMs: 60, streamIdleTimeoutMs: 600_000 } },
  );
  const events = new RawClient(t, gateway.port).send(`GET /events HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await events.until('data: 1');
  const plain = new RawClient(t, gateway.port).send(`GET /plain HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await plain.end();
  t.equal(events.closed, false, 'the other one was ended, this one was not');
  responses[0]?.write('data: 2\n\n');
  await events.until('data: 2');
});

t.test('each piece of a stream is passed on as it comes', async (t) => {
  const steps: (() => void)[] = [];
  const gateway = await withUpstream(t, (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.flushHeaders();
    for (const word of ['one', 'two']) steps.push(() => response.write(`data: ${word}\n\n`));
  });
  const client = new RawClient(t, gateway.port).send(`${head}\r\n`);
  await client.until('text/event-stream');
  for (const [i, word] of ['one', 'two'].entries()) {
    steps[i]?.();
    await client.until(`data: ${word}\n\n`);
  }
});

t.test('many requests at once, over few channels', async (t) => {
  const gateway = await withUpstream(t, (request, response) => response.end(request.url));
  const ask = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const onResponse = (response: IncomingMessage): void => {
        readAll(response).then(resolve, reject);
      };
      httpRequest({ port: gateway.port, path, headers: { host } }, onResponse).on('error', reject).end();
    });
  const paths = Array.from({ length: 60 }, (_, i) => `/${i}`);
  t.same(await Promise.all(paths.map(ask)), paths);
  t.same(await Promise.all(paths.map(ask)), paths);
  t.equal(gateway.counted.opened + gateway.counted.reused, 120);
  t.ok(gateway.counted.reused >= 60, `${gateway.counted.reused} went over used channels`);
  await eventually(() => gateway.ingress.inFlight === 0);
});
