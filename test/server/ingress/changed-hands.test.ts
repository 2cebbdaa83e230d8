import { createServer, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import t from 'tap';
import { clearingPeriodMs, closedWorker, leftovers, letsIn } from '../../../server/ingress/changed-hands.ts';
import { readRequestHead } from '../../../server/ingress/read-head.ts';
import { RequestHead } from '../../../server/ingress/request-head.ts';
import { environmentView } from './fake-router.ts';
import { goodPass } from './fake-doorkeeper.ts';
import { FakeForward } from './fake-forward.ts';
import { startGateway, type Gateway } from './gateway.ts';
import { listen } from './sockets.ts';

const nowMs = 1_800_000_000_000;
const sinceMs = nowMs - 1000;
const environment = environmentView({ changedHandsAt: sinceMs });
const ownerMark = ({ env, owner }: { env: string; owner: string }): string => `${env}-${owner}`;
const context = { ownerMark, nowMs };
const navigate = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Dest': 'document' };

function headOf(fields: Readonly<Record<string, string>>, target = '/', method = 'GET'): RequestHead {
  const rawHeaders = Object.entries({ Host: 'pr-1.preview.test', ...fields }).flat();
  const head = readRequestHead(
    { method, target, rawHeaders, version: '1.1', authority: undefined, hasBody: false },
    { maxHeaderBytes: 32_768 },
  );
  if (head instanceof RequestHead) return head;
  throw new Error(head.reason);
}

function headersFor(
  fields: Readonly<Record<string, string>>,
  target?: string,
): readonly string[] | undefined {
  return leftovers(headOf(fields, target), environment, context)?.headers;
}

const seconds = clearingPeriodMs / 1000 - 1;
const cleared = ['Clear-Site-Data', '"cache", "storage"'];
const lax = [
  'Set-Cookie',
  `__Host-porthole_hands=pr-1-ann; Path=/; Max-Age=${seconds}; Secure; HttpOnly; SameSite=Lax`,
];

t.test(
  'a browser that comes to a page, or looks for a worker, or brings cookies along, is cleared',
  async (t) => {
    t.same(headersFor(navigate), [...cleared, ...lax]);
    t.same(headersFor({ Accept: 'text/html' }), [...cleared, ...lax], 'an old one says less');
    const worker = { 'Service-Worker': 'script', 'Sec-Fetch-Mode': 'same-origin' };
    t.same(headersFor(worker), [...cleared, ...lax]);
    t.match(headersFor({ 'Sec-Fetch-Mode': 'cors', Cookie: '__Host-porthole_session=x' }), cleared);
    t.equal(headersFor({ 'Sec-Fetch-Mode': 'cors' }), undefined, 'one that may keep nothing');
    t.equal(headersFor({ Cookie: 'a=1', Accept: '*/*' }), undefined, 'programs');
  },
);

t.test('once: it shows that it was', async (t) => {
  t.equal(headersFor({ ...navigate, Cookie: 'a=1; __Host-porthole_hands=pr-1-ann' }), undefined);
  t.ok(headersFor({ ...navigate, Cookie: '__Host-porthole_hands=pr-1-bob' }), 'for an owner before');
  t.ok(headersFor({ ...navigate, Cookie: '__Host-porthole_hands=' }));
  t.equal(
    headersFor({ ...navigate, Cookie: '__Host-porthole_hands=x; __Host-porthole_hands=pr-1-ann' }),
    undefined,
  );
});

t.test('for a time, and where a name has changed hands at all', async (t) => {
  const head = headOf(navigate);
  t.equal(leftovers(head, environmentView(), context), undefined);
  const at = (ms: number): unknown => leftovers(head, environment, { ownerMark, nowMs: sinceMs + ms });
  t.ok(at(clearingPeriodMs - 1));
  t.equal(at(clearingPeriodMs), undefined);
  t.ok(at(-5000), 'whatever the clock does');
});

t.test('cookies of the former owner go by their names, as far as they can be told', async (t) => {
  const cookies = 'sid=1; a=2; __Host-porthole_session=x; sid=3; =nameless; b"ad=1; __Host-app=4';
  const gone = headersFor({ ...navigate, Cookie: cookies }, '/app/page?q=1')?.slice(2, -2);
  const expire = (name: string, path: string): string[] => [
    'Set-Cookie',
    `${name}=; Path=${path}; Max-Age=0; Secure`,
  ];
  t.same(
    gone,
    ['sid', 'a', '__Host-app'].flatMap((name) => [...expire(name, '/'), ...expire(name, '/app')]),
  );
  const unusable = headersFor({ ...navigate, Cookie: 'a=1' }, `/x;y/${'z'.repeat(10)}`)?.slice(2, -2);
  t.same(unusable, expire('a', '/'));
  const many = Array.from({ length: 500 }, (_each, index) => `c${index}=1`).join('; ');
  t.equal(headersFor({ ...navigate, Cookie: many })?.filter((text) => text.includes('Max-Age=0')).length, 64);
});

t.test('in a frame of another site the marker is of its partition', async (t) => {
  const framed = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'iframe' };
  t.match(headersFor(framed)?.at(-1), /; SameSite=None; Partitioned$/);
  t.match(headersFor({ ...framed, 'Sec-Fetch-Dest': 'document' })?.at(-1), /; SameSite=Lax$/, 'a link there');
});

t.test('an upgrade clears nothing, and its cookies do not go on', async (t) => {
  const upgrade = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-Fetch-Mode': 'websocket',
    Cookie: 'a=1',
  };
  t.same(leftovers(headOf(upgrade), environment, context), { headers: [] });
});

t.test('a worker of what is closed goes', async (t) => {
  t.same(closedWorker(headOf({ 'Service-Worker': 'script' })), { headers: cleared });
  t.equal(closedWorker(headOf(navigate)), undefined);
});

t.test('which answers let a browser in', async (t) => {
  t.ok(letsIn(['Location', '/', 'Set-Cookie', '__Host-porthole_session=x; Path=/']));
  t.notOk(letsIn(['Set-Cookie', '__Host-porthole_state=x', '__Host-porthole_session=', 'x']));
});

// --- through the whole ingress ---------------------------------------------------------------------------------------

interface Got {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
}

function ask(port: number, label: string, headers: Readonly<Record<string, string>>): Promise<Got> {
  return new Promise((resolve, reject) => {
    httpRequest(
      { port, host: '127.0.0.1', headers: { Host: `${label}.preview.test`, ...headers } },
      (answer) => {
        answer.resume().on('end', () => resolve({ status: answer.statusCode, headers: answer.headers }));
      },
    )
      .on('error', reject)
      .end();
  });
}

async function changedGateway(
  t: Parameters<typeof startGateway>[0],
  seen: (string | undefined)[],
): Promise<Gateway> {
  const gateway = await startGateway(t, { deps: { now: () => nowMs } });
  const app = await listen(
    t,
    createServer((request, response) => {
      seen.push(request.headers.cookie);
      response.setHeader('Set-Cookie', 'sid=new').end('ok');
    }),
  );
  for (const access of ['public', 'private'] as const) {
    const forward = new FakeForward(app, { access });
    gateway.router.serve(access, forward);
    const resolution = gateway.router.resolve(`${access}.preview.test`);
    if (resolution.kind !== 'forward') throw new Error('not served');
    const changed = { ...resolution.environment, changedHandsAt: sinceMs };
    gateway.router.change(access, { ...resolution, environment: changed });
  }
  return gateway;
}

t.test('the app sets its cookies after those of the former owner went, and sees none of these', async (t) => {
  const seen: (string | undefined)[] = [];
  const { port } = await changedGateway(t, seen);
  const first = await ask(port, 'public', { ...navigate, Cookie: 'sid=old' });
  t.equal(first.headers['clear-site-data'], '"cache", "storage"');
  const [gone, marked, set] = first.headers['set-cookie'] ?? [];
  t.equal(gone, 'sid=; Path=/; Max-Age=0; Secure');
  t.match(marked, /^__Host-porthole_hands=/);
  t.equal(set, 'sid=new');
  const shown = marked?.split(';', 1)[0] ?? '';
  const again = await ask(port, 'public', { ...navigate, Cookie: `sid=new; ${shown}` });
  t.equal(again.headers['clear-site-data'], undefined);
  t.same(seen, [undefined, 'sid=new']);
});

t.test('nobody is told of it who is not let in', async (t) => {
  const { port } = await changedGateway(t, []);
  const worker = { 'Service-Worker': 'script', 'Sec-Fetch-Mode': 'same-origin' };
  for (const label of ['private', 'nobody']) {
    const page = await ask(port, label, navigate);
    t.equal(page.headers['clear-site-data'], undefined, label);
    const script = await ask(port, label, worker);
    t.equal(script.headers['clear-site-data'], '"cache", "storage"', label);
    t.equal(script.headers['set-cookie'], undefined);
  }
  const other = await startGateway(t, { info: { servername: 'other.preview.test' } });
  const misdirected = await ask(other.port, 'private', worker);
  t.equal(misdirected.status, 421);
  t.equal(misdirected.headers['clear-site-data'], undefined, 'it is asked again elsewhere');
  const inside = await ask(port, 'private', { ...navigate, Cookie: `__Host-porthole_session=${goodPass}` });
  t.equal(inside.status, 200);
  t.equal(inside.headers['clear-site-data'], '"cache", "storage"');
});
