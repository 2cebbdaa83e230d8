import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { dial, startPublicGateway, tunnelGone } from '../support/dial.ts';
import type { GatewayWithKey } from '../support/gateway-with-key.ts';
import { dialIn, type Machine } from '../support/machine.ts';
import { metricBecomes } from '../support/metrics.ts';
import { until } from '../support/until.ts';
import { open, visit, type Answer } from '../support/visitor.ts';
import { startApp, startTextApp } from '../support/web-app.ts';

const host = 'pr-1.localhost';

function codeOf(answer: Answer): [number, string | undefined] {
  return [answer.status, answer.headers['porthole-error'] as string | undefined];
}

function post(gateway: GatewayWithKey['gateway'], body: string): Promise<Answer> {
  return visit(gateway, `${host}/`, { method: 'POST', body });
}

/** An app that answers nothing until it is told to, and knows what it was asked. */
async function startPatientApp(t: Test): Promise<{ port: number; asked: string[]; answerAll: () => void }> {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  let open = false;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''} ${body}`.trim());
      const give = (): void => void response.end(`${request.method ?? ''} ${body}`);
      if (open) give();
      else waiting.push(give);
    });
  };
  const { server, port } = await startApp(t, answer);
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.on('error', () => undefined).on('message', (data: Buffer) => socket.send(data.toString()));
  });
  const answerAll = (): void => {
    open = true;
    for (const give of waiting.splice(0)) give();
  };
  return { port, asked, answerAll };
}

t.test('a client that is killed and started again: nothing fails that need not', async (t) => {
  const { gateway, key } = await startPublicGateway(t, ['--hold', '60s']);
  const app = await startPatientApp(t);
  const forwards = [`80:127.0.0.1:${String(app.port)}`];
  const first = await dial(t, gateway, { key, forwards });
  const running = Promise.all([visit(gateway, `${host}/a`), visit(gateway, `${host}/b`)]);
  const sent = post(gateway, 'sent');
  await until('three requests in the app', () => app.asked.length === 3);

  first.ssh.kill('SIGKILL');
  await tunnelGone(gateway, first.tunnelId);
  t.same(codeOf(await sent), [502, 'ERR_UPSTREAM_LOST'], 'at once: it may have had its effect');
  const later = Promise.all([visit(gateway, `${host}/c`), post(gateway, 'later')]);
  const socket = openSocket(gateway);
  const opened = once(socket, 'open');
  await metricBecomes(gateway, 'porthole_held_requests', (value) => value === 5);

  app.answerAll();
  await dial(t, gateway, { key, forwards });
  for (const { status } of [...(await running), ...(await later)]) t.equal(status, 200);
  await opened;
  socket.send('hello');
  t.equal(String((await once(socket, 'message'))[0]), 'hello');
  socket.terminate();
  t.same(
    app.asked.toSorted(),
    ['GET /a', 'GET /a', 'GET /b', 'GET /b', 'GET /c', 'POST / later', 'POST / sent'],
    'what only asks was asked again, what may have had an effect was not',
  );
});

t.test('the queue of those who wait is full: told at once, and who leaves makes room', async (t) => {
  const { gateway, key } = await startPublicGateway(t, ['--hold', '60s', '--max-held', '3']);
  const { port } = await startTextApp(t, 'served');
  const forwards = [`80:127.0.0.1:${String(port)}`];
  const { ssh, tunnelId } = await dial(t, gateway, { key, forwards });
  ssh.kill('SIGKILL');
  await tunnelGone(gateway, tunnelId);
  const held = (count: number): Promise<number> =>
    metricBecomes(gateway, 'porthole_held_requests', (value) => value === count);

  const stays = visit(gateway, `${host}/`);
  await held(1);
  const leaves = openSocket(gateway);
  await held(2);
  const session = connectHttp2(`https://${host}:${String(gateway.port)}`, {
    ...{ host: '127.0.0.1', ca: gateway.ca, servername: host },
  });
  session.on('error', () => undefined);
  const stream = session.request({ ':authority': host, ':path': '/' });
  stream.on('error', () => undefined);
  await held(3);
  const refused = await visit(gateway, `${host}/`);
  t.same(codeOf(refused), [503, 'ERR_BUSY']);
  t.match(refused.headers['retry-after'], /^\d+$/u);
  t.ok((await metricBecomes(gateway, 'porthole_held_bytes', (value) => value > 0)) < 300_000);

  leaves.terminate();
  await held(2);
  session.destroy();
  await held(1);
  const joins = post(gateway, 'body');
  await held(2);
  await dial(t, gateway, { key, forwards });
  t.same([(await stays).body, (await joins).body], ['served', 'served']);
  await metricBecomes(gateway, 'porthole_held_bytes', (value) => value === 0);
});

t.test('a client that comes and goes before it takes a request', async (t) => {
  const { gateway, key } = await startPublicGateway(t, ['--hold', '60s', '--channel-open-timeout', '60s']);
  const { port } = await startTextApp(t, 'served');
  const first = await mute(t, { gateway, key });
  const asked = post(gateway, 'once');
  await first.asked;
  first.machine.socket.destroy();
  await metricBecomes(gateway, 'porthole_held_requests', (value) => value === 1);
  const second = await mute(t, { gateway, key });
  await second.asked;
  second.machine.socket.destroy();
  await metricBecomes(gateway, 'porthole_held_requests', (value) => value === 1);
  await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${String(port)}`] });
  t.equal((await asked).body, 'served');
});

t.test('a client that answers no opening, or refuses all, has a stand-by that does better', async (t) => {
  const { gateway, key } = await startPublicGateway(t, ['--channel-open-timeout', '300ms']);
  const { port } = await startTextApp(t, 'from the stand-by');
  const alone = await mute(t, { gateway, key });
  t.same(codeOf(await visit(gateway, `${host}/`)), [504, 'ERR_UPSTREAM_TIMEOUT'], 'alone: told in time');
  alone.machine.socket.destroy();

  await dial(t, gateway, { key, user: 'pr-2', forwards: [`80:127.0.0.1:${String(port)}`] });
  await mute(t, { gateway, key }, 'pr-2');
  t.equal((await visit(gateway, 'pr-2.localhost/')).body, 'from the stand-by');

  await dial(t, gateway, { key, user: 'pr-3', forwards: [`80:127.0.0.1:${String(port)}`] });
  const refusing = await dialIn(t, gateway.port, { key, user: 'pr-3' });
  refusing.onOpening((_accept, reject) => {
    reject();
  });
  await refusing.forward('localhost', 80);
  const answers = [
    visit(gateway, 'pr-3.localhost/'),
    visit(gateway, 'pr-3.localhost/', { method: 'POST', body: 'x' }),
  ];
  for (const { body } of await Promise.all(answers)) t.equal(body, 'from the stand-by');
});

t.test('losing one of two tunnels loses no GET', async (t) => {
  const { gateway, key } = await startPublicGateway(t, ['--hold', '250ms']);
  const app = await startPatientApp(t);
  const forwards = [`80:127.0.0.1:${String(app.port)}`];
  await dial(t, gateway, { key, forwards });
  const newer = await dial(t, gateway, { key, forwards });
  const running = Promise.all(Array.from({ length: 5 }, () => open(gateway, `${host}/x`)));
  await until('five requests in the app', () => app.asked.length === 5);
  newer.ssh.kill('SIGKILL');
  await tunnelGone(gateway, newer.tunnelId);
  app.answerAll();
  for (const answer of await running) t.equal(answer.resume().statusCode, 200);
});

/** A machine that offers the default service, and answers nothing when it is asked for a channel. */
async function mute(
  t: Test,
  { gateway, key }: Pick<GatewayWithKey, 'gateway' | 'key'>,
  user = 'pr-1',
): Promise<{ machine: Machine; asked: Promise<void> }> {
  const machine = await dialIn(t, gateway.port, { key, user });
  const asked = Promise.withResolvers<undefined>();
  machine.onOpening(() => asked.resolve(undefined));
  await machine.forward('localhost', 80);
  return { machine, asked: asked.promise };
}

/** A WebSocket that is on its way. */
function openSocket(gateway: GatewayWithKey['gateway']): WebSocket {
  const { port, ca } = gateway;
  const options = { ca, headers: { Host: `${host}:${String(port)}` } };
  const socket = new WebSocket(
    `wss://127.0.0.1:${String(port)}/`,
    Object.assign(options, { servername: host }),
  );
  return socket.on('error', () => undefined);
}
