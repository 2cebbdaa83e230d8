import fc from 'fast-check';
import t from 'tap';
import type { RawRequest } from '../../../server/ingress/request-head.ts';
import { readRequestHead } from '../../../server/ingress/read-head.ts';
import { RequestHead } from '../../../server/ingress/request-head.ts';

const limits = { maxHeaderBytes: 32 * 1024 };

function raw(change: Partial<RawRequest> & { headers?: string[] } = {}): RawRequest {
  const { headers = [], ...rest } = change;
  return {
    method: 'GET',
    target: '/',
    version: '1.1',
    rawHeaders: ['Host', 'web--pr-1.preview.test', ...headers],
    authority: undefined,
    hasBody: false,
    ...rest,
  };
}

function read(change: Parameters<typeof raw>[0] = {}): RequestHead {
  const head = readRequestHead(raw(change), limits);
  if (!(head instanceof RequestHead)) throw new Error(head.reason);
  return head;
}

function problem(change: Parameters<typeof raw>[0]): string {
  const head = readRequestHead(raw(change), limits);
  return head instanceof RequestHead ? 'none' : head.code;
}

t.test('there is one host, for routing and for access', async (t) => {
  t.equal(read().host, 'web--pr-1.preview.test');
  t.equal(problem({ rawHeaders: [] }), 'ERR_BAD_REQUEST', 'none');
  t.equal(problem({ rawHeaders: ['Host', ''] }), 'ERR_BAD_REQUEST', 'an empty one');
  t.equal(problem({ headers: ['host', 'other.test'] }), 'ERR_BAD_REQUEST', 'two');
  t.equal(problem({ headers: ['HOST', 'web--pr-1.preview.test'] }), 'ERR_BAD_REQUEST', 'the same twice');
});

t.test('the absolute form is understood, and must name the same host', async (t) => {
  const head = read({ target: 'https://WEB--pr-1.preview.test/a?b' });
  t.equal(head.path, '/a?b');
  t.equal(head.passed[1], 'WEB--pr-1.preview.test');
  t.equal(read({ target: 'http://web--pr-1.preview.test' }).path, '/');
  t.equal(read({ target: 'http://web--pr-1.preview.test?q' }).path, '/?q');
  for (const target of [
    'http://other.test/',
    'http://web--pr-1.preview.test:81/',
    'http://user@web--pr-1.preview.test/',
    'http:///',
    'ftp://web--pr-1.preview.test/',
    'web--pr-1.preview.test:443',
    'relative',
    '',
    '*',
  ]) {
    t.equal(problem({ target }), 'ERR_BAD_REQUEST', target);
  }
  t.equal(read({ method: 'OPTIONS', target: '*' }).path, '*');
});

t.test('HTTP/2 has its host in :authority, and Host may only say the same', async (t) => {
  const version = '2' as const;
  t.equal(read({ version, rawHeaders: [], authority: 'a.test' }).host, 'a.test');
  t.equal(read({ version, rawHeaders: ['host', 'A.test'], authority: 'a.test' }).host, 'a.test');
  t.equal(read({ version, rawHeaders: ['host', 'a.test'] }).host, 'a.test');
  t.equal(problem({ version, rawHeaders: ['host', 'b.test'], authority: 'a.test' }), 'ERR_BAD_REQUEST');
  t.equal(problem({ version, target: 'http://web--pr-1.preview.test/' }), 'ERR_BAD_REQUEST');
});

t.test('methods that are not for a gateway', async (t) => {
  t.equal(problem({ method: 'CONNECT', target: 'a:1' }), 'ERR_METHOD_REFUSED');
  t.equal(problem({ method: 'TRACE' }), 'ERR_METHOD_REFUSED');
  t.equal(problem({ method: 'trace' }), 'ERR_METHOD_REFUSED');
  t.equal(problem({ method: 'get' }), 'ERR_BAD_REQUEST');
});

t.test('what is too large is told apart', async (t) => {
  t.equal(problem({ target: `/${'a'.repeat(16 * 1024)}` }), 'ERR_URI_TOO_LONG');
  t.equal(problem({ headers: ['X-A', 'a'.repeat(32 * 1024)] }), 'ERR_HEADERS_TOO_LARGE');
  t.equal(problem({ headers: Array.from({ length: 600 }, () => 'x') }), 'ERR_HEADERS_TOO_LARGE');
  t.equal(problem({ headers: ['X-A', 'a'.repeat(16 * 1024)] }), 'none');
  const cookie = (length: number): string[] => ['Cookie', 'a'.repeat(length)];
  const large = readRequestHead(raw({ headers: [...cookie(20_000), ...cookie(20_000), 'X', 'y'] }), limits);
  t.match(large, { code: 'ERR_HEADERS_TOO_LARGE', reason: /cookies/, cookies: true });
  const other = readRequestHead(raw({ headers: [...cookie(1000), 'X', 'y'.repeat(40_000)] }), limits);
  t.match(other, { code: 'ERR_HEADERS_TOO_LARGE', cookies: false });
});

t.test('how a body is framed', async (t) => {
  t.equal(read().body, 'none');
  t.equal(read({ headers: ['Content-Length', '0'] }).body, 'none');
  t.equal(read({ headers: ['Content-Length', '5'] }).body, 'length');
  t.equal(read({ headers: ['Transfer-Encoding', 'Chunked'] }).body, 'chunked');
  t.equal(problem({ headers: ['Transfer-Encoding', 'gzip, chunked'] }), 'ERR_BAD_REQUEST');
  t.equal(problem({ headers: ['Transfer-Encoding', 'identity'] }), 'ERR_BAD_REQUEST');
  t.equal(problem({ version: '1.0', headers: ['Transfer-Encoding', 'chunked'] }), 'ERR_BAD_REQUEST');
  t.equal(problem({ headers: ['Content-Length', '5', 'content-length', '5'] }), 'ERR_BAD_REQUEST');
  t.equal(problem({ headers: ['Content-Length', '5', 'Transfer-Encoding', 'chunked'] }), 'ERR_BAD_REQUEST');
  t.equal(read({ version: '2', hasBody: true }).body, 'chunked');
  t.equal(read({ version: '2', hasBody: true, headers: ['content-length', '5'] }).body, 'length');
  t.equal(read({ version: '2' }).body, 'none');
});

t.test('hop-by-hop headers stay here, those named in Connection too', async (t) => {
  const head = read({
    headers: [
      ...['Connection', 'close, X-One ,x-two', 'X-One', '1', 'X-Two', '2', 'X-Three', '3'],
      ...[
        'Keep-Alive',
        'timeout=5',
        'Proxy-Connection',
        'keep-alive',
        'Upgrade',
        'websocket',
        'TE',
        'trailers;q=1',
      ],
    ],
  });
  t.same(head.passed, ['Host', 'web--pr-1.preview.test', 'X-Three', '3']);
  t.equal(head.upgrade, undefined, 'Connection does not name it');
  t.equal(head.takesTrailers, true);
  t.equal(read({ headers: ['Connection', 'cookie', 'Cookie', 'a=1'] }).cookie, undefined);
});

t.test('an upgrade is what Connection and Upgrade agree on, but not to HTTP/2 or TLS', async (t) => {
  const upgrade = (value: string): string | undefined =>
    read({ headers: ['Connection', 'keep-alive, Upgrade', 'Upgrade', value] }).upgrade;
  t.equal(upgrade('WebSocket'), 'websocket');
  t.equal(upgrade('h2c'), undefined);
  t.equal(upgrade('websocket, h2c'), undefined);
  t.equal(upgrade('TLS/1.0'), undefined);
});

t.test('cookies of HTTP/2 are joined', async (t) => {
  t.equal(read({ version: '2', headers: ['cookie', 'a=1', 'cookie', 'b=2'] }).cookie, 'a=1; b=2');
});

t.test('a request id is taken if it is one', async (t) => {
  t.equal(read({ headers: ['X-Request-Id', 'abc-1.2:3'] }).requestId, 'abc-1.2:3');
  t.equal(read({ headers: ['X-Request-Id', 'a b'] }).requestId, undefined);
  t.equal(read({ headers: ['X-Request-Id', ''] }).requestId, undefined);
  t.equal(read({ headers: ['X-Request-Id', 'a'.repeat(129)] }).requestId, undefined);
});

t.test('what is a navigation', async (t) => {
  const html = ['Accept', 'text/html,*/*'];
  t.equal(read({ headers: html }).navigation, true);
  t.equal(read({ method: 'HEAD', headers: html }).navigation, true);
  t.equal(read({ method: 'POST', headers: html }).navigation, false);
  t.equal(read({ headers: ['Accept', '*/*'] }).navigation, false);
  t.equal(read({ headers: [...html, 'Sec-Fetch-Mode', 'cors'] }).navigation, false);
  t.equal(read({ headers: ['Sec-Fetch-Mode', 'navigate'] }).navigation, true);
});

t.test('the path without its query', async (t) => {
  t.equal(read({ target: '/a/b?c=d?e' }).pathname, '/a/b');
  t.equal(read({ target: '/a/b' }).pathname, '/a/b');
});

t.test('a problem says how the visitor would like to be told', async (t) => {
  t.match(readRequestHead(raw({ method: 'TRACE', headers: ['Accept', 'application/json'] }), limits), {
    code: 'ERR_METHOD_REFUSED',
    accept: 'application/json',
  });
});

t.test('whatever comes, what is passed on names no hop-by-hop header and nothing of ours', async () => {
  const name = fc.constantFrom(
    'Connection',
    'x-a',
    'Keep-Alive',
    'TE',
    'X_Forwarded_For',
    'Porthole-A',
    'Upgrade',
    'Accept',
  );
  const value = fc.constantFrom('a', 'x-a, accept', 'close', 'websocket', 'trailers', '');
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (headers) => {
      const head = readRequestHead(raw({ headers: headers.flat() }), limits);
      if (!(head instanceof RequestHead)) return true;
      const names = head.passed.filter((_, i) => i % 2 === 0).map((each) => each.toLowerCase());
      const connection = headers
        .filter(([each]) => each === 'Connection')
        .map(([, each]) => each)
        .join(',');
      return names.every(
        (each) => ['host', 'x-a', 'accept'].includes(each) && (each === 'host' || !connection.includes(each)),
      );
    }),
  );
});
