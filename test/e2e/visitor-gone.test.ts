import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import t, { type Test } from 'tap';
import { dial, startPublicGateway } from '../support/dial.ts';
import { metric, metricBecomes } from '../support/metrics.ts';
import type { Portholed } from '../support/portholed.ts';
import { open, visitorOptions } from '../support/visitor.ts';
import { startApp, type WebApp } from '../support/web-app.ts';

const host = 'pr-1.localhost';
const maxStalledBytes = 2_200_000;

/** An app whose downloads never end and whose uploads are read to their end, behind a tunnel. */
async function setUp(t: Test): Promise<{ gateway: Portholed; app: WebApp }> {
  const chunk = Buffer.alloc(64 * 1024);
  const app = await startApp(t, (request, response) => {
    request.resume();
    if (request.method === 'POST') return;
    const fill = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', fill);
    fill();
  });
  const { gateway, key } = await startPublicGateway(t);
  await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${app.port}`] });
  return { gateway, app };
}

async function nextRequest({ server }: WebApp): Promise<[IncomingMessage, ServerResponse]> {
  return (await once(server, 'request')) as [IncomingMessage, ServerResponse];
}

/** Nothing of a request is left in the gateway. */
async function assertIdle(t: Test, gateway: Portholed): Promise<void> {
  for (const name of ['porthole_requests_in_flight', 'porthole_channels', 'porthole_buffered_bytes'])
    t.equal(await metricBecomes(gateway, name, (value) => value === 0), 0, name);
}

t.test('a visitor who leaves during a download', async (t) => {
  const { gateway, app } = await setUp(t);
  const asked = nextRequest(app);
  const answer = await open(gateway, `${host}/`);
  await once(answer, 'data');
  const [, response] = await asked;
  const closed = once(response, 'close');
  answer.destroy();
  await closed;
  t.pass('the app sees it');
  await assertIdle(t, gateway);
  const line = await gateway.line((each) => each.msg === 'request');
  t.match(line, { status: 200, aborted: true });
});

t.test('a visitor who leaves before there is an answer', async (t) => {
  const { gateway, app } = await setUp(t);
  const asked = nextRequest(app);
  const outgoing = httpsRequest({ ...visitorOptions(gateway, host), method: 'POST', headers: { host } });
  outgoing.on('error', () => undefined);
  outgoing.end('all of it');
  const [request, response] = await asked;
  await once(request, 'end');
  const closed = once(response, 'close');
  outgoing.destroy();
  await closed;
  t.pass('the app sees it');
  await assertIdle(t, gateway);
});

t.test('a visitor who leaves during an upload', async (t) => {
  const { gateway, app } = await setUp(t);
  const asked = nextRequest(app);
  const outgoing = httpsRequest({
    ...visitorOptions(gateway, host),
    method: 'POST',
    headers: { host, 'content-length': 10_000_000 },
  });
  outgoing.on('error', () => undefined);
  outgoing.write(Buffer.alloc(100_000));
  const [request] = await asked;
  request.removeAllListeners('error');
  const failed = once(request, 'error') as Promise<[NodeJS.ErrnoException]>;
  outgoing.destroy();
  const [error] = await failed;
  t.equal(error.code, 'ECONNRESET', 'the app sees an upload that broke off');
  await assertIdle(t, gateway);
});

t.test('a visitor who resets one stream of HTTP/2', async (t) => {
  const { gateway, app } = await setUp(t);
  const session = connectHttp2(`https://${host}:${gateway.port}`, {
    ...{ host: '127.0.0.1', ca: gateway.ca, servername: host },
  });
  t.teardown(() => {
    session.destroy();
  });
  session.on('error', () => undefined);
  const asked = nextRequest(app);
  const stream = session.request({ ':path': '/', ':authority': `${host}:${gateway.port}` });
  stream.on('error', () => undefined);
  await once(stream, 'data');
  const [, response] = await asked;
  const closed = once(response, 'close');
  stream.close();
  stream.destroy();
  await closed;
  await assertIdle(t, gateway);
  t.notOk(session.closed, 'the connection lives on');
});

t.test('visitors who stall hold a bounded amount, and give it back', async (t) => {
  const { gateway } = await setUp(t);
  const count = 20;
  const answers: IncomingMessage[] = [];
  for (let i = 0; i < count; i += 1) answers.push(await open(gateway, `${host}/`));

  let held = 0;
  let unchanged = 0;
  await metricBecomes(gateway, 'porthole_buffered_bytes', (value) => {
    unchanged = value === held ? unchanged + 1 : 0;
    held = value;
    return held > 0 && unchanged > 20;
  });
  t.comment(`each holds ${Math.round(held / count / 1024)} KiB`);
  t.ok(held <= count * maxStalledBytes, `${held} bytes`);
  t.equal(await metric(gateway, 'porthole_requests_in_flight'), count);
  for (const answer of answers) answer.destroy();
  await assertIdle(t, gateway);
});
