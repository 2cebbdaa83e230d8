import { createServer } from 'node:http';
import t from 'tap';
import type { Resolution } from '../../../server/routing/resolution.ts';
import { allow, goodCookie, goodPass, stateCookie } from './fake-doorkeeper.ts';
import { FakeForward } from './fake-forward.ts';
import { environmentView, serviceView } from './fake-router.ts';
import { startGateway } from './gateway.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { get } from './raw-client.ts';
import type { ParsedAnswer } from './raw-client.ts';
import { eventually, listen } from './sockets.ts';
import type { Teardown } from './sockets.ts';

const host = 'web--pr-1.preview.test';
const route = { env: 'pr-1', service: 'web', port: undefined };
const environment = environmentView();
const hidden = environmentView({ access: 'private' });

async function start(
  t: Teardown,
  options: GatewayOptions = {},
): Promise<Gateway & { upstream: number; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.cookie ?? '-'}`);
    request.resume().on('end', () => response.end('served'));
  });
  return { ...(await startGateway(t, options)), upstream: await listen(t, server), seen };
}

const code = (answer: ParsedAnswer): string =>
  `${answer.status} ${answer.headers['porthole-error'] ?? ''}`.trim();

t.test('each state has its answer', async (t) => {
  const gateway = await start(t);
  const cases: [string, Resolution | undefined, string][] = [
    ['unknown', undefined, '401 ERR_LOGIN_REQUIRED'],
    ['offline', { kind: 'offline', environment, route, state: 'offline', sinceMs: 0 }, '503 ERR_ENV_OFFLINE'],
    ['no service', { kind: 'no-service', environment, route, expired: false }, '404 ERR_SERVICE_UNKNOWN'],
    [
      'an SSH forward',
      {
        kind: 'forward',
        environment,
        state: 'ready',
        forward: new FakeForward(1, { route: { ...route, service: 'ssh' } }),
        standby: undefined,
      },
      '404 ERR_SERVICE_UNKNOWN',
    ],
    [
      'a forward of bytes',
      {
        kind: 'forward',
        environment,
        state: 'ready',
        forward: new FakeForward(1, { options: { scheme: 'tcp' } }),
        standby: undefined,
      },
      '404 ERR_SERVICE_UNKNOWN',
    ],
  ];
  for (const [name, resolution, expected] of cases) {
    if (resolution !== undefined) gateway.router.routes.set('web--pr-1', resolution);
    t.equal(code(await get(t, gateway.port, host)), expected, name);
  }
  t.equal(
    code(await get(t, gateway.port, 'a--b--c--d.preview.test')),
    '401 ERR_LOGIN_REQUIRED',
    'a label that no route has',
  );
  t.equal(code(await get(t, gateway.port, 'evil.example')), '421 ERR_MISDIRECTED', 'a host of others');
  t.equal(code(await get(t, gateway.port, 'a.b.preview.test')), '421 ERR_MISDIRECTED');
  t.equal(code(await get(t, gateway.port, 'preview.test', { path: '/nothing' })), '404 ERR_NOT_FOUND');
  t.equal(code(await get(t, gateway.port, 'preview.test', { path: '/readyz' })), '200');
});

t.test('offline: since when, when to ask again, and a page that comes back by itself', async (t) => {
  const gateway = await start(t);
  gateway.router.routes.set('web--pr-1', {
    kind: 'offline',
    environment,
    route,
    state: 'offline',
    sinceMs: 0,
  });
  const json = await get(t, gateway.port, host, { headers: 'Accept: application/json\r\n' });
  t.match(json.headers, { 'retry-after': '5', 'content-type': /json/ });
  t.match(JSON.parse(json.body), { code: 'ERR_ENV_OFFLINE', lastSeen: '2023-11-14T22:13:20.000Z' });
  const page = await get(t, gateway.port, host, { headers: 'Accept: text/html\r\n' });
  t.match(page, {
    headers: { 'content-security-policy': /connect-src 'self'/ },
    body: /_porthole\/wait\?state=ready/,
  });
  const [first] = await gateway.over(2);
  t.equal(JSON.parse(json.body).id, first?.requestId, 'the error id is the one in the log');
  t.equal(json.headers['porthole-error-id'], first?.requestId);
  const head = await get(t, gateway.port, host, { method: 'HEAD' });
  t.match(head, { status: 503, body: '' });
});

t.test('strangers are told how to log in: people by being sent there, programs by 401', async (t) => {
  const gateway = await start(t);
  gateway.router.serve('web--pr-1', new FakeForward(gateway.upstream, { access: 'private' }));
  const page = await get(t, gateway.port, host, { path: '/a?b=c', headers: 'Accept: text/html\r\n' });
  t.match(page, {
    status: 303,
    headers: {
      location: 'https://preview.test/_porthole/login?to=web--pr-1&return=%2Fa%3Fb%3Dc',
      'cache-control': 'no-store',
      'set-cookie': stateCookie,
    },
  });
  const program = await get(t, gateway.port, host);
  t.match(program, {
    status: 401,
    headers: { 'content-type': /json/, 'www-authenticate': /^Bearer .*\nBasic / },
  });
  t.equal(JSON.parse(program.body).code, 'ERR_LOGIN_REQUIRED');
  t.same(gateway.seen, []);
  t.match(await gateway.over(2), [{ via: undefined }, { via: undefined }]);
});

t.test(
  'what lets somebody in is for the gateway alone; cookies of ours come along with the answer',
  async (t) => {
    const gateway = await start(t);
    gateway.router.serve('web--pr-1', new FakeForward(gateway.upstream, { access: 'private' }));
    const setCookies = ['__Host-porthole_session=x; Path=/', '__Host-porthole_state=y; Path=/'];
    gateway.doorkeeper.rule = ({ cookie }) => (cookie === undefined ? undefined : allow({ setCookies }));
    const answer = await get(t, gateway.port, host, {
      headers: `Cookie: a=1; __Host-porthole_session=${goodPass}\r\n`,
    });
    t.match(answer, { status: 200, body: 'served', headers: { 'set-cookie': setCookies.join('\n') } });
    t.equal((await get(t, gateway.port, host, { headers: `Porthole-Share: ${goodPass}\r\n` })).status, 200);
    t.same(gateway.seen, ['GET / a=1', 'GET / -'], 'no upstream sees how');
    t.match(await gateway.over(2), [{ via: 'session' }, { via: 'link' }]);
  },
);

t.test('who may see gets the truth', async (t) => {
  const gateway = await start(t);
  const headers = goodCookie;
  gateway.router.routes.set('web--pr-1', {
    kind: 'offline',
    environment: hidden,
    route,
    state: 'offline',
    sinceMs: 0,
  });
  t.equal(code(await get(t, gateway.port, host, { headers })), '503 ERR_ENV_OFFLINE');
  const services = [
    serviceView({ route: { ...route, service: 'api' }, access: 'private' }),
    serviceView({ route: { ...route, service: 'docs' }, access: 'public' }),
  ];
  gateway.router.routes.set('web--pr-1', {
    kind: 'no-service',
    environment: environmentView({ services }),
    route,
    expired: false,
  });
  const names = async (extra: string): Promise<string[]> => {
    const { body } = await get(t, gateway.port, host, { headers: `Accept: application/json\r\n${extra}` });
    return JSON.parse(body).services.map(({ name }: { name: string }) => name);
  };
  t.same(await names(''), ['docs--pr-1'], 'a stranger sees what is public');
  t.same(await names(headers), ['api--pr-1', 'docs--pr-1']);
});

t.test('a name in TLS that is not the Host serves what is public only', async (t) => {
  const gateway = await start(t, { info: { servername: 'web--pr-2.preview.test' } });
  gateway.router.serve('web--pr-1', new FakeForward(gateway.upstream));
  gateway.router.serve('hidden--pr-1', new FakeForward(gateway.upstream, { access: 'private' }));
  gateway.router.serve('web--pr-2', new FakeForward(gateway.upstream, { access: 'private' }));
  const headers = goodCookie;
  t.equal(code(await get(t, gateway.port, host)), '200');
  t.equal(code(await get(t, gateway.port, 'hidden--pr-1.preview.test', { headers })), '421 ERR_MISDIRECTED');
  t.equal(code(await get(t, gateway.port, 'hidden--pr-1.preview.test')), '421 ERR_MISDIRECTED');
  t.equal(
    code(await get(t, gateway.port, 'nobody.preview.test')),
    '421 ERR_MISDIRECTED',
    'what is not there looks the same',
  );
  t.equal(
    code(await get(t, gateway.port, 'WEB--pr-2.preview.test:8443')),
    '401 ERR_LOGIN_REQUIRED',
    'the same name, in whatever case',
  );
});

t.test('a router that fails is an error of the gateway, and of this request only', async (t) => {
  const gateway = await start(t);
  gateway.router.resolve = (name) => {
    if (name.startsWith('bad')) throw new Error('broken');
    return { kind: 'reconnecting', environment, route };
  };
  gateway.router.hold = () => Promise.reject(new Error('broken too'));
  t.equal(code(await get(t, gateway.port, 'bad.preview.test')), '500 ERR_INTERNAL');
  t.equal(code(await get(t, gateway.port, host)), '500 ERR_INTERNAL');
  t.equal(code(await get(t, gateway.port, host, { path: '/_porthole/wait' })), '500 ERR_INTERNAL');
  t.equal(gateway.lines.filter((line) => line['level'] === 'error').length, 3);
});

t.test('an environment has so many requests in flight, and no more', async (t) => {
  const release: (() => void)[] = [];
  const server = createServer((_request, response) => release.push(() => response.end('done')));
  const gateway = await startGateway(t, { limits: { maxRequests: 2 } });
  const port = await listen(t, server);
  gateway.router.serve('web--pr-1', new FakeForward(port));
  const other = { env: 'pr-2', service: undefined, port: undefined };
  const forward = new FakeForward(port, { route: other });
  gateway.router.routes.set('pr-2', {
    kind: 'forward',
    environment: environmentView({ name: 'pr-2' }),
    state: 'ready',
    forward,
    standby: undefined,
  });
  const running = [get(t, gateway.port, host), get(t, gateway.port, host)];
  await eventually(() => release.length === 2);
  t.match(await get(t, gateway.port, host), {
    status: 503,
    headers: { 'porthole-error': 'ERR_BUSY', 'retry-after': '1' },
  });
  const neighbour = get(t, gateway.port, 'pr-2.preview.test');
  await eventually(() => release.length === 3);
  for (const end of release) end();
  t.same(
    (await Promise.all([...running, neighbour])).map(({ status }) => status),
    [200, 200, 200],
  );
  const again = get(t, gateway.port, host);
  await eventually(() => release.length === 4);
  release[3]?.();
  t.equal((await again).status, 200);
});

t.test('without TLS there is the way to HTTPS', async (t) => {
  const gateway = await start(t);
  gateway.router.serve('web--pr-1', new FakeForward(gateway.upstream));
  t.match(await get(t, gateway.plainPort, host, { path: '/a?b' }), {
    status: 308,
    headers: { location: `https://${host}/a?b` },
  });
  t.equal(code(await get(t, gateway.plainPort, 'evil.example')), '400 ERR_BAD_REQUEST');
  t.equal(code(await get(t, gateway.plainPort, 'preview.test', { path: '/healthz' })), '200');
  t.equal(
    code(await get(t, gateway.plainPort, host, { headers: 'X-Forwarded-Proto: https\r\n' })),
    '308',
    'anybody can say so',
  );
  t.same(gateway.seen, []);
  const trusting = await start(t, { trusted: ['127.0.0.1'] });
  trusting.router.serve('web--pr-1', new FakeForward(trusting.upstream));
  t.equal(
    (await get(t, trusting.plainPort, host, { headers: 'X-Forwarded-Proto: https\r\n' })).body,
    'served',
  );
  t.equal(code(await get(t, trusting.plainPort, host)), '308');
});
