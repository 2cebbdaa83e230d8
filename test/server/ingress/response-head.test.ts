import t from 'tap';
import type { ResponseContext } from '../../../server/ingress/response-head.ts';
import { readResponseHead } from '../../../server/ingress/response-head.ts';

const context: ResponseContext = {
  host: 'web--pr-1.preview.test:8443',
  protocol: 'https',
  upstreamHost: undefined,
  setCookies: [],
};
const noindex = ['X-Robots-Tag', 'noindex'];

function headers(...raw: string[]): string[] {
  return readResponseHead(raw, context).headers;
}

t.test('what is for the visitor passes, in order, in its own spelling', async (t) => {
  const raw = ['Server', 'x', 'content-type', 'text/plain', 'X-A', '1', 'X-A', '2', 'ETag', '"e"'];
  t.same(headers(...raw), [...raw, ...noindex]);
});

t.test('what ends at this hop does not', async (t) => {
  t.same(
    headers(
      'Connection',
      'close, X-Hop',
      'X-Hop',
      '1',
      'Keep-Alive',
      'timeout=5',
      'Proxy-Authenticate',
      'x',
      'Upgrade',
      'h2c',
      'TE',
      'x',
    ),
    noindex,
  );
  t.same(headers('Connection', 'content-length', 'Content-Length', '5'), ['Content-Length', '5', ...noindex]);
  t.same(headers('Connection', 'X-A', 'Connection', 'x-b', 'X-A', '1', 'X-B', '2', 'X-C', '3'), [
    'X-C',
    '3',
    ...noindex,
  ]);
});

t.test('what an environment has no say in is taken away', async (t) => {
  t.same(headers('Public-Key-Pins', 'pin', 'public-key-pins-report-only', 'pin'), noindex);
  t.same(headers('Alt-Svc', 'h3=":443"', 'Porthole-Error', 'ERR_BUSY', 'porthole-x', '1'), noindex);
  t.same(headers('Set-Cookie', 'porthole=1', 'Set-Cookie', 'a=1; Domain=preview.test'), [
    'Set-Cookie',
    'a=1',
    ...noindex,
  ]);
});

t.test(
  'what speaks for more than the own host is narrowed to it, in every spelling of its name',
  async (t) => {
    t.same(
      headers(
        ...['Strict-Transport-Security', 'max-age=1; includeSubDomains'],
        ...['STRICT-transport-security', 'preload'],
        ...['Clear-Site-Data', '"cookies"', 'clear-site-data', '"*"'],
        ...['Service-Worker-Allowed', '/app/', 'Service-Worker-Allowed', 'https://other.preview.test/'],
      ),
      [
        ...['Strict-Transport-Security', 'max-age=1'],
        ...['clear-site-data', '"cache", "storage", "executionContexts"'],
        ...['Service-Worker-Allowed', '/app/', ...noindex],
      ],
    );
  },
);

t.test('what is for the browser and the environment alone stays as it is', async (t) => {
  const raw = [
    ...['Origin-Agent-Cluster', '?1', 'Access-Control-Allow-Origin', '*', 'Refresh', '0; url=/x'],
    ...['Reporting-Endpoints', 'a="https://r.test/"', 'Content-Security-Policy', "default-src 'self'"],
  ];
  t.same(headers(...raw), [...raw, ...noindex]);
});

t.test('noindex, unless the environment says something itself', async (t) => {
  t.same(headers('x-robots-tag', 'all'), ['x-robots-tag', 'all']);
  t.same(headers(), noindex);
  t.same(headers('X-Robots-Tag', ' ').slice(2), noindex);
});

t.test('the forward says whether it may be found', async (t) => {
  const robots = (says: 'index' | 'noindex', ...raw: string[]): string[] =>
    readResponseHead(raw, { ...context, robots: says }).headers;
  t.same(robots('index'), []);
  t.same(robots('index', 'X-Robots-Tag', 'nofollow'), ['X-Robots-Tag', 'nofollow']);
  t.same(robots('noindex', 'X-Robots-Tag', 'all'), ['X-Robots-Tag', 'all', ...noindex]);
});

t.test('how the body is framed is told, not passed', async (t) => {
  const chunked = readResponseHead(['Transfer-Encoding', 'chunked', 'Trailer', 'X-Sum'], context);
  t.equal(chunked.chunked, true);
  t.equal(chunked.trailer, 'X-Sum');
  t.equal(chunked.contentLength, undefined);
  t.same(chunked.headers, noindex);
  t.equal(readResponseHead(['Content-Length', '12'], context).contentLength, 12);
});

t.test('what the gateway needs to know', async (t) => {
  t.equal(readResponseHead(['Content-Type', 'Text/Event-Stream; charset=utf-8'], context).eventStream, true);
  t.equal(readResponseHead(['Content-Type', 'text/event-streams'], context).eventStream, false);
  t.equal(readResponseHead(['Keep-Alive', 'max=5, timeout=3'], context).keepAliveMs, 3000);
  t.equal(readResponseHead(['Keep-Alive', 'max=5'], context).keepAliveMs, undefined);
});

t.test('redirects to the rewritten Host lead back to the preview', async (t) => {
  const location = (value: string): string | undefined =>
    readResponseHead(['Location', value], { ...context, upstreamHost: 'localhost:3000' }).headers[1];
  t.equal(location('http://localhost:3000/a?b'), 'https://web--pr-1.preview.test:8443/a?b');
  t.equal(location('http://LOCALHOST/a'), 'https://web--pr-1.preview.test:8443/a');
  t.equal(location('https://localhost'), 'https://web--pr-1.preview.test:8443');
  t.equal(location('https://other.test/'), 'https://other.test/');
  t.equal(location('/a'), '/a');
  t.same(
    headers('Location', 'http://localhost:3000/'),
    ['Location', 'http://localhost:3000/', ...noindex],
    'without host=',
  );
});

t.test('a cookie of the gateway itself is added', async (t) => {
  const { headers: list } = readResponseHead(['Set-Cookie', 'a=1'], {
    ...context,
    setCookies: ['__Host-porthole_share=x', '__Host-porthole_state=y'],
  });
  t.same(list.slice(-4), ['Set-Cookie', '__Host-porthole_share=x', 'Set-Cookie', '__Host-porthole_state=y']);
});
