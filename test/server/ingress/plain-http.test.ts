import t from 'tap';
import { decidePlain } from '../../../server/ingress/plain-http.ts';
import type { PlainDecision } from '../../../server/ingress/plain-http.ts';
import { readRequestHead } from '../../../server/ingress/read-head.ts';
import { RequestHead } from '../../../server/ingress/request-head.ts';

const deps = {
  domain: 'preview.test',
  publicAddress: { protocol: 'https' as const, port: 8443 },
  acmeChallenge: (token: string) => (token === 'known' ? 'known.key' : undefined),
};

function decide(
  host: string,
  target: string,
  options: { trusted?: boolean; headers?: string[]; change?: object; method?: string } = {},
): PlainDecision {
  const { trusted = false, headers = [], change = {}, method = 'GET' } = options;
  const head = readRequestHead(
    {
      method,
      target,
      version: '1.1',
      rawHeaders: ['Host', host, ...headers],
      authority: undefined,
      hasBody: false,
    },
    { maxHeaderBytes: 32_768 },
  );
  if (!(head instanceof RequestHead)) throw new Error(head.reason);
  return decidePlain(head, trusted, { ...deps, ...change });
}

function location(decision: PlainDecision): string {
  if (decision === 'serve') return 'serve';
  if ('status' in decision)
    return `${decision.status} ${decision.headers[decision.headers.indexOf('Location') + 1]!}`;
  return decision.code;
}

t.test('the host of the login pages is one of ours', async (t) => {
  const change = { adminDomain: 'login.example.org' };
  t.equal(location(decide('login.example.org', '/a', { change })), '308 https://login.example.org:8443/a');
  t.equal(location(decide('Login.example.org:80', '/healthz', { change })), 'serve');
  t.equal(location(decide('login.example.org', '/a')), 'ERR_BAD_REQUEST');
});

t.test('hosts of ours are sent to HTTPS, with method, path and query', async (t) => {
  t.equal(
    location(decide('web--pr-1.preview.test', '/a?b=1')),
    '308 https://web--pr-1.preview.test:8443/a?b=1',
  );
  t.equal(location(decide('WEB--pr-1.preview.test.:80', '/')), '308 https://web--pr-1.preview.test:8443/');
  t.equal(location(decide('preview.test', '/x')), '308 https://preview.test:8443/x');
  t.equal(
    location(decide('web--pr-1.preview.test', 'http://web--pr-1.preview.test/a')),
    '308 https://web--pr-1.preview.test:8443/a',
  );
  t.equal(
    location(decide('a.preview.test', '/', { change: { publicAddress: { protocol: 'https', port: 443 } } })),
    '308 https://a.preview.test/',
  );
});

t.test('never anywhere else', async (t) => {
  t.equal(location(decide('evil.example', '/')), 'ERR_BAD_REQUEST');
  t.equal(location(decide('preview.test.evil.example', '/')), 'ERR_BAD_REQUEST');
  t.equal(location(decide('127.0.0.1', '/')), 'ERR_BAD_REQUEST');
  // Two slashes stay a path.
  t.equal(
    location(decide('a.preview.test', '//evil.example/')),
    '308 https://a.preview.test:8443//evil.example/',
  );
});

t.test('challenges and probes are answered as they are', async (t) => {
  const answer = decide('anything.example', '/.well-known/acme-challenge/known');
  t.match(answer, { status: 200, body: Buffer.from('known.key') });
  t.equal(
    location(decide('a.preview.test', '/.well-known/acme-challenge/other')),
    '308 https://a.preview.test:8443/.well-known/acme-challenge/other',
  );
  t.equal(decide('preview.test', '/healthz'), 'serve');
  t.equal(decide('preview.test', '/readyz?x'), 'serve');
  t.equal(location(decide('a.preview.test', '/healthz')), '308 https://a.preview.test:8443/healthz');
});

t.test('what came through TLS at a trusted proxy is served', async (t) => {
  const headers = ['X-Forwarded-Proto', 'https'];
  t.equal(decide('a.preview.test', '/', { headers, trusted: true }), 'serve');
  t.equal(
    location(decide('a.preview.test', '/', { headers })),
    '308 https://a.preview.test:8443/',
    'not from others',
  );
  t.equal(location(decide('a.preview.test', '/', { trusted: true })), '308 https://a.preview.test:8443/');
});

t.test('a gateway that visitors reach without TLS serves without', async (t) => {
  t.equal(
    decide('a.preview.test', '/', { change: { publicAddress: { protocol: 'http', port: 80 } } }),
    'serve',
  );
});

t.test(
  'a secret that was sent in the clear is refused where it would have been taken, not sent on',
  async (t) => {
    const endpoint = { on: 'gateway', path: '/_porthole/login', methods: ['GET', 'POST'] };
    const change = { endpoints: [endpoint] };
    const post = (host: string): PlainDecision =>
      decide(host, '/_porthole/login', { change, method: 'POST' });
    t.equal(post('preview.test'), 'serve');
    t.equal(
      location(decide('preview.test', '/_porthole/login', { change })),
      '308 https://preview.test:8443/_porthole/login',
    );
    t.equal(
      location(post('a.preview.test')),
      '308 https://a.preview.test:8443/_porthole/login',
      'nothing takes it there',
    );
  },
);
