import t from 'tap';
import type { Resolution } from '../../../server/routing/resolution.ts';
import { allow, challenges, FakeDoorkeeper, stateCookie, turnAway } from './fake-doorkeeper.ts';
import { FakeForward } from './fake-forward.ts';
import { environmentView, serviceView } from './fake-router.ts';
import { startGateway } from './gateway.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { http2Client, http2Get } from './http2-client.ts';
import { get } from './raw-client.ts';
import type { Teardown } from './sockets.ts';

const label = 'web--pr-1';
const host = `${label}.preview.test`;
const route = { env: 'pr-1', service: 'web', port: undefined };
const services = [serviceView({ route, access: 'private' })];
const environment = environmentView({ access: 'private', services });

const served = (
  forward: FakeForward,
  change: Partial<Extract<Resolution, { kind: 'forward' }>> = {},
): Resolution => ({
  ...{ kind: 'forward', environment, state: 'ready', forward, standby: undefined },
  ...change,
});
/** All that a host can be without a stranger being told. */
const states: Record<string, Resolution | undefined> = {
  unknown: undefined,
  online: served(new FakeForward(1, { access: 'private' })),
  team: served(new FakeForward(1, { access: 'team' })),
  degraded: served(new FakeForward(1, { access: 'private' }), { state: 'degraded' }),
  'bytes only': served(new FakeForward(1, { access: 'private', options: { scheme: 'tcp' } })),
  offline: { kind: 'offline', environment, route, state: 'offline', sinceMs: 0 },
  expired: { kind: 'offline', environment, route, state: 'expired', sinceMs: 0 },
  reconnecting: { kind: 'reconnecting', environment, route },
  'no service': { kind: 'no-service', environment, route, expired: false },
};

const browser = 'Accept: text/html,*/*;q=0.8\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n';
const own = 'Origin: https://api--pr-1.preview.test\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-site\r\n';
const foreign = own.replace('pr-1', 'pr-2');
const preflight = 'Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: x-a\r\n';
const requests: Record<string, { path?: string; method?: string; headers?: string }> = {
  navigation: { headers: browser },
  'navigation with a link': { path: '/a?porthole-share=forged', headers: browser },
  'navigation with a token': { path: '/a?porthole-token=pht_x.y', headers: browser },
  HEAD: { method: 'HEAD', headers: browser },
  'HEAD of a program': { method: 'HEAD' },
  curl: { headers: 'Accept: */*\r\n' },
  json: { headers: 'Accept: application/json\r\n' },
  text: { headers: 'Accept: text/plain\r\n' },
  'form post': { method: 'POST', headers: `${browser}Content-Length: 0\r\n` },
  fetch: { headers: own },
  'fetch from elsewhere': { headers: foreign },
  preflight: { method: 'OPTIONS', headers: own + preflight },
  'preflight from elsewhere': { method: 'OPTIONS', headers: foreign + preflight },
  OPTIONS: { method: 'OPTIONS' },
  range: { headers: 'Range: bytes=0-3\r\n' },
  upgrade: { headers: 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n' },
  'event stream': { headers: 'Accept: text/event-stream\r\n' },
  favicon: { path: '/favicon.ico', headers: 'Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n' },
  'service worker': { path: '/sw.js', headers: 'Service-Worker: script\r\nSec-Fetch-Mode: same-origin\r\n' },
  acme: { path: '/.well-known/acme-challenge/x' },
  'well-known': { path: '/.well-known/security.txt' },
  wait: { path: '/_porthole/wait?timeout=1' },
  'bad wait': { path: '/_porthole/wait?timeout=x' },
  'wait of a browser': { path: '/_porthole/wait?timeout=1', headers: browser },
  session: { path: '/_porthole/session?code=x', headers: browser },
  ours: { path: '/_porthole/x' },
  basic: { headers: `Authorization: Basic ${btoa('x:y')}\r\n` },
  bearer: { headers: 'Authorization: Bearer x\r\n' },
  cookie: { headers: 'Cookie: __Host-porthole_session=forged\r\n' },
};

/** A doorkeeper who looks at everything but at what is there, as those do whom a visitor has shown nothing that opens it. */
function strict(): FakeDoorkeeper {
  const doorkeeper = new FakeDoorkeeper();
  const proven = new Set<string>();
  doorkeeper.rule = (request) => {
    const { context, authorization, cookie, method } = request;
    if (cookie !== undefined) return { kind: 'unknown' };
    if (context.origin?.includes('pr-2') === true) return { kind: 'origin' };
    if (method === 'OPTIONS' && context.corsMethod !== undefined) {
      return { kind: 'preflight', headers: ['Access-Control-Allow-Origin', context.origin ?? ''] };
    }
    if (authorization !== undefined && !proven.delete(authorization)) {
      return { kind: 'prove', prove: async () => void proven.add(authorization) };
    }
    return turnAway(request);
  };
  return doorkeeper;
}

/** Everything that can be seen of an answer, but for its id and time. */
function visible(status: number, headers: Readonly<Record<string, unknown>>, body: string): string {
  const { date: _date, 'porthole-error-id': id, ...rest } = headers;
  return JSON.stringify({ status, rest, body: typeof id === 'string' ? body.replaceAll(id, 'ID') : body });
}

async function overHttp1(t: Teardown, port: number, name: string): Promise<string> {
  const { status, headers, body } = await get(t, port, host, requests[name]);
  return visible(status, headers, body);
}

async function overHttp2(t: Teardown, port: number, name: string): Promise<string> {
  const { path = '/', method = 'GET', headers: lines = '' } = requests[name] ?? {};
  const fields = lines
    .split('\r\n')
    .filter((line) => line !== '' && !/^(?:connection|upgrade|content-length):/i.test(line))
    .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]);
  const session = http2Client(t, port);
  const { headers, body } = await http2Get(session, {
    ...{ ':authority': host, ':path': path, ':method': method },
    ...Object.fromEntries(fields),
  });
  session.close();
  return visible(Number(headers[':status']), { ...headers }, body);
}

type Asserts = Teardown & Pick<typeof t, 'equal'>;

interface Comparison {
  readonly gateway: Gateway;
  readonly doorkeeper: FakeDoorkeeper;
  readonly ask: (name: string) => Promise<string>;
}

/** The one answer to each request, if it is one in all states; decided with as many questions. */
async function compare(
  t: Asserts,
  { gateway, doorkeeper, ask }: Comparison,
  without: readonly string[] = [],
): Promise<Map<string, string>> {
  const told = new Map<string, string>();
  for (const name of Object.keys(requests).filter((each) => !without.includes(each))) {
    const answers = new Map<string, string[]>();
    for (const [state, resolution] of Object.entries(states)) {
      if (resolution === undefined) gateway.router.routes.delete(label);
      else gateway.router.routes.set(label, resolution);
      const before = doorkeeper.asked.length;
      const answer = await ask(name);
      const key = `${String(doorkeeper.asked.length - before)} questions, ${answer}`;
      answers.set(key, [...(answers.get(key) ?? []), state]);
      told.set(name, answer);
    }
    t.equal(answers.size, 1, `${name}: ${JSON.stringify([...answers])}`);
  }
  t.equal(gateway.router.holds.length, 0, 'a stranger holds nothing');
  return told;
}

async function start(t: Teardown, options: GatewayOptions = {}): Promise<Omit<Comparison, 'ask'>> {
  const doorkeeper = strict();
  const gateway = await startGateway(t, { ...options, deps: { ...options.deps, doorkeeper } });
  return { gateway, doorkeeper };
}

t.test('what is private looks to a stranger like what is not there', async (t) => {
  const setting = await start(t);
  const { port } = setting.gateway;
  const told = await compare(t, { ...setting, ask: (name) => overHttp1(t, port, name) });
  const statusOf = (name: string): unknown =>
    (JSON.parse(told.get(name) ?? '{}') as { status: number }).status;
  for (const name of ['navigation', 'HEAD', 'session', 'wait of a browser'])
    t.equal(statusOf(name), 303, name);
  for (const name of [
    'curl',
    'fetch',
    'upgrade',
    'range',
    'favicon',
    'acme',
    'wait',
    'ours',
    'basic',
    'bearer',
  ])
    t.equal(statusOf(name), 401, name);
  t.equal(statusOf('preflight'), 204);
  t.equal(statusOf('fetch from elsewhere'), 403);
  t.equal(statusOf('cookie'), 404);
  t.match(told.get('form post'), /"status":401.*text\/html/, 'whoever sent a form reads a page');
  t.match(told.get('json'), /application\/json/);
  t.match(told.get('text'), /text\/plain/);
});

t.test('over HTTP/2 too', async (t) => {
  const setting = await start(t);
  const { http2Port } = setting.gateway;
  await compare(t, { ...setting, ask: (name) => overHttp2(t, http2Port, name) });
});

t.test('and without TLS', async (t) => {
  const setting = await start(t);
  const { plainPort } = setting.gateway;
  await compare(t, { ...setting, ask: (name) => overHttp1(t, plainPort, name) });
  t.equal(setting.doorkeeper.asked.length, 0, 'where nothing is decided');
});

t.test('and on a connection that was opened for another host', async (t) => {
  const setting = await start(t, { info: { servername: 'pr-2.preview.test' } });
  const { port } = setting.gateway;
  const told = await compare(t, { ...setting, ask: (name) => overHttp1(t, port, name) });
  t.ok([...told.values()].every((answer) => answer.includes('"status":421')));
});

t.test('where everything is public by default, strangers wait for both alike', async (t) => {
  const setting = await start(t, { deps: { publicByDefault: true } });
  const { port } = setting.gateway;
  const ask = (name: string): Promise<string> => overHttp1(t, port, name);
  // Those who wait are looked at elsewhere: it takes its time.
  const told = await compare(t, { ...setting, ask }, ['wait', 'wait of a browser']);
  const page = told.get('navigation') ?? '';
  t.match(page, /"status":404.*ERR_ENV_UNKNOWN/);
  t.match(page, /opens the preview when it is there/);
  t.match(page, /<a href=[^>]*preview\.test[^>]*_porthole[^>]*login\?to=web--pr-1[^>]*>Sign in<\/a>/);
  t.ok(page.includes(stateCookie), 'the link leads back to this browser');
  t.match(told.get('navigation with a link'), /"status":303/, 'who has a link is helped');
  t.match(told.get('navigation with a token'), /"status":303/);
  const program = JSON.parse(told.get('curl') ?? '{}') as { status: number; rest: Record<string, string> };
  t.equal(program.status, 404);
  t.equal(program.rest['www-authenticate'], challenges.join('\n'));
});

t.test('what is public but not for this network, too', async (t) => {
  const { gateway, doorkeeper } = await start(t, { info: { servername: 'pr-2.preview.test' } });
  gateway.router.serve(label, new FakeForward(1));
  t.equal((await get(t, gateway.port, host)).status, 421);
  doorkeeper.rule = () => ({ kind: 'unknown' });
  t.equal((await get(t, gateway.port, host)).status, 421);
  doorkeeper.rule = () => allow({ via: 'public' });
  t.equal((await get(t, gateway.port, host)).status, 502, 'to others it is served on any connection');
});
