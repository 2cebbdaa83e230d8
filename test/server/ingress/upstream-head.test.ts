import t from 'tap';
import type { Forwarded } from '../../../server/ingress/forwarded.ts';
import type { RawRequest } from '../../../server/ingress/request-head.ts';
import { readRequestHead } from '../../../server/ingress/read-head.ts';
import { RequestHead } from '../../../server/ingress/request-head.ts';
import type { UpstreamHeadOptions } from '../../../server/ingress/upstream-head.ts';
import { upstreamHeaders, upstreamPath } from '../../../server/ingress/upstream-head.ts';

const visitor: Forwarded = { address: '203.0.113.9', chain: '203.0.113.9', proto: 'https', believed: [] };
const options: UpstreamHeadOptions = {
  forwarded: visitor,
  requestId: 'id-1',
  publicAddress: { protocol: 'https', port: 8443 },
  host: undefined,
  spent: undefined,
};

function head(change: Partial<RawRequest>, ...headers: string[]): RequestHead {
  const raw: RawRequest = {
    method: 'GET',
    target: '/',
    version: '1.1',
    rawHeaders: ['Host', 'a.test:8443', ...headers],
    authority: undefined,
    hasBody: false,
    ...change,
  };
  const read = readRequestHead(raw, { maxHeaderBytes: 32_768 });
  if (!(read instanceof RequestHead)) throw new Error(read.reason);
  return read;
}

/** As an object: none of these may come twice. */
function headers(read: RequestHead, change: Partial<UpstreamHeadOptions> = {}): Record<string, string> {
  const list = upstreamHeaders(read, { ...options, ...change });
  const result: Record<string, string> = {};
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i]!.toLowerCase();
    if (name in result) throw new Error(`${name} comes twice`);
    result[name] = list[i + 1]!;
  }
  return result;
}

const added = {
  'x-forwarded-for': '203.0.113.9',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'a.test:8443',
  'x-forwarded-port': '8443',
  'x-real-ip': '203.0.113.9',
  'x-request-id': 'id-1',
};

t.test('what an upstream is told, and nothing that the visitor made up', async (t) => {
  const read = head(
    {},
    ...[
      'X-Forwarded-For',
      '1.1.1.1',
      'X_Forwarded_For',
      '1.1.1.1',
      'Forwarded',
      'for=1.1.1.1',
      'X-Real-IP',
      '1.1.1.1',
    ],
    ...[
      'X-Forwarded-Host',
      'evil',
      'X-Forwarded-Port',
      '1',
      'X-Forwarded-User',
      'root',
      'Porthole-User',
      'root',
    ],
    ...['Accept', 'x', 'X-Custom', 'y'],
  );
  t.same(headers(read), { host: 'a.test:8443', accept: 'x', 'x-custom': 'y', ...added });
});

t.test('what a trusted proxy says is passed on, once', async (t) => {
  const forwarded: Forwarded = {
    address: '6.6.6.6',
    chain: '6.6.6.6, 10.0.0.1',
    proto: 'https',
    believed: ['X-Forwarded-Host', 'public.test', 'X-Real-IP', '7.7.7.7', 'Forwarded', 'for=6.6.6.6'],
  };
  t.same(headers(head({}), { forwarded }), {
    ...added,
    host: 'a.test:8443',
    'x-forwarded-host': 'public.test',
    'x-forwarded-for': '6.6.6.6, 10.0.0.1',
    'x-real-ip': '6.6.6.6',
    forwarded: 'for=6.6.6.6',
  });
});

t.test('the Host is kept, or what the forward says', async (t) => {
  const list = upstreamHeaders(head({}), { ...options, host: 'localhost:3000' });
  t.same(list.slice(0, 2), ['Host', 'localhost:3000']);
  t.equal(headers(head({}), { host: 'localhost' })['x-forwarded-host'], 'a.test:8443');
});

t.test("the framing is the gateway's own", async (t) => {
  t.equal(headers(head({ method: 'POST' }))['content-length'], '0', 'no body is said');
  t.equal(headers(head({ method: 'DELETE' }))['content-length'], undefined);
  t.equal(headers(head({ method: 'POST' }, 'Content-Length', '5'))['content-length'], '5');
  const chunked = headers(head({ method: 'DELETE' }, 'Transfer-Encoding', 'chunked', 'Trailer', 'X-Sum'));
  t.match(chunked, { 'transfer-encoding': 'chunked', trailer: 'X-Sum' });
  t.equal(chunked['content-length'], undefined);
  t.equal(headers(head({}, 'Trailer', 'X-Sum'))['trailer'], undefined, 'nothing to trail');
  t.equal(headers(head({ version: '2', hasBody: true }))['transfer-encoding'], 'chunked');
});

t.test('trailers, upgrades and expectations are asked for anew', async (t) => {
  t.match(headers(head({}, 'TE', 'gzip, trailers')), { te: 'trailers', connection: 'keep-alive, TE' });
  t.equal(headers(head({}, 'TE', 'gzip'))['te'], undefined);
  t.match(headers(head({}, 'Connection', 'upgrade', 'Upgrade', 'WebSocket')), {
    connection: 'Upgrade',
    upgrade: 'websocket',
  });
  t.equal(headers(head({ method: 'PUT' }, 'Expect', '100-continue'))['expect'], '100-continue');
});

t.test('cookies and parameters of the gateway stay with it', async (t) => {
  t.equal(headers(head({}, 'Cookie', 'a=1; __Host-porthole_share=x'))['cookie'], 'a=1');
  t.equal(headers(head({}, 'Cookie', '__Host-porthole_share=x'))['cookie'], undefined);
  t.equal(
    headers(head({ version: '2' }, 'cookie', 'a=1', 'cookie', '__Host-porthole_share=x', 'cookie', 'b=2'))[
      'cookie'
    ],
    'a=1; b=2',
  );
  t.equal(upstreamPath(head({ target: '/a?porthole-share=T&b=1' })), '/a?b=1');
});

t.test('a second attempt starts from the same head', async (t) => {
  const read = head({}, 'Accept', 'x');
  t.same(upstreamHeaders(read, options), upstreamHeaders(read, options));
});
