import t from 'tap';
import type { OwnEndpoint, EndpointAnswer, EndpointCall } from '../../../server/pages/own-endpoint.ts';
import { FakeForward } from './fake-forward.ts';
import { domain } from './fake-router.ts';
import { startGateway, type Gateway, type GatewayOptions } from './gateway.ts';
import { http2Client, http2Get } from './http2-client.ts';
import { exchangeBytes, get, parseAnswer, RawClient, type ParsedAnswer } from './raw-client.ts';
import { eventually, type Teardown } from './sockets.ts';

class FakeEndpoint implements OwnEndpoint {
  readonly path = '/_porthole/fake';
  on: OwnEndpoint['on'] = 'gateway';
  methods: OwnEndpoint['methods'] = ['POST'];
  readonly maxBodyBytes = 100;
  readonly calls: EndpointCall[] = [];
  open = true;
  inside = 0;
  result: EndpointAnswer = { kind: 'json', value: { ok: true } };

  enter(): (() => void) | undefined {
    if (!this.open) return undefined;
    this.inside += 1;
    let left = false;
    return () => {
      if (!left) this.inside -= 1;
      left = true;
    };
  }

  answer(call: EndpointCall): Promise<EndpointAnswer> {
    this.calls.push(call);
    return Promise.resolve(this.result);
  }
}

interface Setting {
  readonly endpoint: FakeEndpoint;
  readonly gateway: Gateway;
}

async function start(t: Teardown, options: GatewayOptions = {}): Promise<Setting> {
  const endpoint = new FakeEndpoint();
  const gateway = await startGateway(t, { ...options, deps: { ...options.deps, endpoints: [endpoint] } });
  return { endpoint, gateway };
}

const path = '/_porthole/fake';

function request(body: string, headers = `Content-Length: ${String(body.length)}\r\n`): string {
  return `POST ${path} HTTP/1.1\r\nHost: ${domain}\r\nConnection: close\r\n${headers}\r\n${body}`;
}

async function post(t: Teardown, port: number, body: string, headers?: string): Promise<ParsedAnswer> {
  return parseAnswer(await exchangeBytes(t, port, request(body, headers)));
}

function code({ status, headers }: ParsedAnswer): string {
  return `${String(status)} ${headers['porthole-error'] ?? ''}`.trim();
}

t.test('a body for an answer, by HTTP/1.1 and HTTP/2', async (t) => {
  const { endpoint, gateway } = await start(t);
  const answer = await post(t, gateway.port, '{"a":1}');
  t.match(answer, { status: 200, headers: { 'content-type': /json/, 'cache-control': 'no-store' } });
  t.same(JSON.parse(answer.body), { ok: true });
  t.match(endpoint.calls, [{ body: Buffer.from('{"a":1}'), address: /127\.0\.0\.1/, requestId: /./ }]);
  t.equal(
    code(await post(t, gateway.port, '3\r\n{"a\r\n0\r\n\r\n', 'Transfer-Encoding: chunked\r\n')),
    '200',
  );
  t.equal(endpoint.calls[1]?.body.toString(), '{"a');
  const session = http2Client(t, gateway.http2Port);
  const head = { ':method': 'POST', ':path': path, ':authority': domain };
  t.match(await http2Get(session, head, 'x'), { headers: { ':status': 200 }, body: /ok/ });
  await eventually(() => endpoint.inside === 0);
});

t.test('its failures are answered as JSON, with the error id', async (t) => {
  const { endpoint, gateway } = await start(t);
  endpoint.result = { kind: 'failure', code: 'ERR_TOKEN_REFUSED', reason: 'No.', next: 'Look.' };
  const answer = await post(t, gateway.port, '{}');
  t.equal(code(answer), '403 ERR_TOKEN_REFUSED');
  t.match(JSON.parse(answer.body), { code: 'ERR_TOKEN_REFUSED', message: 'No.', next: 'Look.', id: /./ });
  t.equal(endpoint.calls[0]?.requestId, (JSON.parse(answer.body) as { id: string }).id);
});

t.test('one that throws is an internal error', async (t) => {
  const { endpoint, gateway } = await start(t);
  endpoint.answer = () => Promise.reject(new Error('secret'));
  const answer = await post(t, gateway.port, '{}');
  t.equal(code(answer), '500 ERR_INTERNAL');
  t.notMatch(answer.body, /secret/);
});

t.test('only by POST, only on the own host, and only with a body', async (t) => {
  const { endpoint, gateway } = await start(t);
  const wrong = await get(t, gateway.port, domain, { path });
  t.equal(code(wrong), '405 ERR_METHOD_REFUSED');
  t.equal(wrong.headers['allow'], 'POST');
  t.equal(code(await get(t, gateway.port, domain, { path: `${path}/x` })), '404 ERR_NOT_FOUND');
  t.equal(code(await get(t, gateway.port, `pr-1.${domain}`, { path })), '401 ERR_LOGIN_REQUIRED');
  t.equal(code(await get(t, gateway.port, domain, { path, method: 'POST' })), '400 ERR_BAD_REQUEST');
  t.equal(endpoint.calls.length, 0);
});

t.test('never without TLS', async (t) => {
  const { endpoint, gateway } = await start(t);
  const plain = await post(t, gateway.plainPort, '{"token":"x"}');
  t.equal(code(plain), '400 ERR_BAD_REQUEST', 'and no redirection, which would be followed');
  t.match(plain.body, /TLS/);
  const trusted = await start(t, { trusted: ['127.0.0.1', '::ffff:127.0.0.1'] });
  const proto = (value: string): string => `X-Forwarded-Proto: ${value}\r\nContent-Length: 2\r\n`;
  t.equal(
    code(await post(t, trusted.gateway.plainPort, '{}', proto('https'))),
    '200',
    'a proxy has ended it',
  );
  t.equal(code(await post(t, trusted.gateway.port, '{}', proto('http'))), '400 ERR_BAD_REQUEST');
  t.equal(code(await post(t, gateway.plainPort, '{}', proto('https'))), '400 ERR_BAD_REQUEST', 'not a proxy');
  const byHttp = await start(t, { deps: { publicAddress: { protocol: 'http', port: 80 } } });
  t.equal(code(await post(t, byHttp.gateway.plainPort, '{}')), '400 ERR_BAD_REQUEST');
  t.equal(endpoint.calls.length + byHttp.endpoint.calls.length, 0);
});

t.test('a body is short', async (t) => {
  const { endpoint, gateway } = await start(t);
  const tooLong = '413 ERR_BODY_TOO_LARGE';
  t.equal(code(await post(t, gateway.port, 'x'.repeat(101))), tooLong);
  const chunk = `65\r\n${'x'.repeat(101)}\r\n`;
  t.equal(code(await post(t, gateway.port, `${chunk}0\r\n\r\n`, 'Transfer-Encoding: chunked\r\n')), tooLong);
  t.equal(code(await post(t, gateway.port, 'x'.repeat(100))), '200');
  const session = http2Client(t, gateway.http2Port);
  const head = { ':method': 'POST', ':path': path, ':authority': domain };
  t.match(await http2Get(session, head, 'x'.repeat(200)), { headers: { ':status': 413 } });
  t.equal(endpoint.calls.length, 1);
  await eventually(() => endpoint.inside === 0);
});

t.test('who waits to be asked for the body is asked', async (t) => {
  const { gateway } = await start(t);
  const client = new RawClient(t, gateway.port);
  client.send(request('', 'Content-Length: 2\r\nExpect: 100-continue\r\n'));
  await client.until('HTTP/1.1 100');
  client.send('{}');
  await client.until('HTTP/1.1 200');
});

t.test('who leaves gives the place back', async (t) => {
  const { endpoint, gateway } = await start(t);
  const client = new RawClient(t, gateway.port);
  client.send(request('{', 'Content-Length: 2\r\n'));
  await eventually(() => endpoint.inside === 1);
  client.socket.destroy();
  await eventually(() => endpoint.inside === 0);
  t.equal(endpoint.calls.length, 0);
});

t.test('who asks for too much is told to wait', async (t) => {
  const { endpoint, gateway } = await start(t);
  endpoint.open = false;
  const answer = await post(t, gateway.port, '{}');
  t.equal(code(answer), '429 ERR_LIMIT');
  t.equal(answer.headers['retry-after'], '5');
});

t.test('on the hosts of environments before anybody is let in, whether there is one or not', async (t) => {
  const endpoint = new FakeEndpoint();
  Object.assign(endpoint, { on: 'environments', methods: ['GET'] });
  const gateway = await startGateway(t, { deps: { endpoints: [endpoint] } });
  gateway.router.serve('web--pr-1', new FakeForward(1, { access: 'private' }));
  for (const label of ['web--pr-1', 'nobody', 'a--b--c--d']) {
    t.equal(code(await get(t, gateway.port, `${label}.${domain}`, { path: `${path}?code=x` })), '200', label);
  }
  t.match(endpoint.calls, [{ host: `web--pr-1.${domain}`, path: `${path}?code=x` }, {}, {}]);
  t.equal(gateway.doorkeeper.asked.length, 0);
  t.equal(code(await get(t, gateway.port, domain, { path })), '404 ERR_NOT_FOUND');
  t.equal(code(await get(t, gateway.port, 'evil.example', { path })), '421 ERR_MISDIRECTED');
  const other = await startGateway(t, {
    deps: { endpoints: [endpoint] },
    info: { servername: `pr-2.${domain}` },
  });
  t.equal(code(await get(t, other.port, `web--pr-1.${domain}`, { path })), '421 ERR_MISDIRECTED');
  t.equal(endpoint.calls.length, 3);
});

t.test('one that answers what is below its path has all of that, and nothing beside it', async (t) => {
  const endpoint = Object.assign(new FakeEndpoint(), { below: true, methods: ['GET'] });
  const exact = Object.assign(new FakeEndpoint(), { path: `${path}/exact`, methods: ['GET'] });
  const gateway = await startGateway(t, { deps: { endpoints: [endpoint, exact] } });
  const ask = async (pathname: string, field = ''): Promise<number> => {
    const head = `GET ${pathname} HTTP/1.1\r\nHost: ${domain}\r\nConnection: close\r\n${field}\r\n`;
    return parseAnswer(await exchangeBytes(t, gateway.port, head)).status;
  };
  t.equal(await ask(`${path}/key/list?all=true`, 'Authorization: Bearer x\r\n'), 200);
  t.match(endpoint.calls, [{ path: `${path}/key/list?all=true`, headers: { authorization: 'Bearer x' } }]);
  t.equal(await ask(path), 200);
  t.equal(await ask(`${path}/`), 200);
  t.equal(await ask(`${path}/exact`), 200);
  t.same([endpoint.calls.length, exact.calls.length], [3, 1]);
  t.equal(endpoint.calls[1]?.headers.authorization, undefined);
  for (const other of [`${path}d`, `${path}%2fkey`, `/x${path}/key`]) t.equal(await ask(other), 404, other);
  t.equal(endpoint.calls.length, 3);
});
