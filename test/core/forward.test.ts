import fc from 'fast-check';
import t from 'tap';
import type { ForwardRequest, ForwardSpec } from '../../core/forward.ts';
import { forwardKey, parseForward } from '../../core/forward.ts';

type Target = [service: string | undefined, port: number | undefined];

function tcpip(bindAddr: string, bindPort: number): ForwardRequest {
  return { kind: 'tcpip', bindAddr, bindPort };
}

function socket(socketPath: string): ForwardRequest {
  return { kind: 'streamlocal', socketPath };
}

function spec(
  [service, port]: Target,
  options: ForwardSpec['options'] = {},
): { ok: true; value: ForwardSpec } {
  return { ok: true, value: { service, port, options } };
}

t.test('a bind address and port', (t) => {
  for (const address of ['', '*', 'localhost', 'LOCALHOST', '127.0.0.1', '::1', '0.0.0.0', '::']) {
    for (const port of [0, 80, 443])
      t.same(parseForward(tcpip(address, port)), spec([undefined, undefined]), address);
    t.same(parseForward(tcpip(address, 8080)), spec([undefined, 8080]), address);
  }
  const cases: [string, number, Target][] = [
    ['web', 80, ['web', undefined]],
    ['web', 443, ['web', undefined]],
    ['web', 0, ['web', undefined]],
    ['web', 8080, ['web', 8080]],
    ['web', 22, ['web', 22]],
    ['ssh', 22, ['ssh', undefined]],
    ['SSH', 22, ['SSH', undefined]],
    ['ssh', 2222, ['ssh', 2222]],
    ['web-1/api', 80, ['web-1/api', undefined]],
    ['Feature_X', 65_535, ['Feature_X', 65_535]],
    ['C#-api', 80, ['C#-api', undefined]],
    ['a'.repeat(255), 80, ['a'.repeat(255), undefined]],
  ];
  for (const [address, port, target] of cases)
    t.same(parseForward(tcpip(address, port)), spec(target), address);
  t.end();
});

t.test('a socket path', (t) => {
  const cases: Record<string, Target> = {
    '/': [undefined, undefined],
    '/80': [undefined, undefined],
    '/443': [undefined, undefined],
    '/0': [undefined, undefined],
    '/8080': [undefined, 8080],
    '/web': ['web', undefined],
    '/web/80': ['web', undefined],
    '/web/443': ['web', undefined],
    '/web/8080': ['web', 8080],
    '/ssh': ['ssh', undefined],
    '/ssh/22': ['ssh', undefined],
    '/Web_1': ['Web_1', undefined],
    '/3000/8080': ['3000', 8080],
    '/web?': ['web', undefined],
    '/web#': ['web', undefined],
  };
  for (const [path, target] of Object.entries(cases)) t.same(parseForward(socket(path)), spec(target), path);
  t.end();
});

t.test('options of a socket path', (t) => {
  const web: Target = ['web', undefined];
  const meta = { service: 'web', port: 3000 };
  const encoded = Buffer.from(JSON.stringify(meta)).toString('base64url');
  const cases: [string, ReturnType<typeof spec>][] = [
    ['/web?access=public&host=localhost', spec(web, { access: 'public', host: 'localhost' })],
    ['/web/3000?access=private', spec(['web', 3000], { access: 'private' })],
    ['/?access=team', spec([undefined, undefined], { access: 'team' })],
    ['/8080?scheme=h2c', spec([undefined, 8080], { scheme: 'h2c' })],
    ['/web?host=app.test%3A3000', spec(web, { host: 'app.test:3000' })],
    ['/web?host=%5B%3A%3A1%5D', spec(web, { host: '[::1]' })],
    ['/web?access=public&', spec(web, { access: 'public' })],
    [`/web#access=private;meta=${encoded}`, spec(web, { access: 'private', meta })],
    ['/web?access=public#ttl=2h', spec(web, { access: 'public', ttlMs: 7_200_000 })],
  ];
  for (const [path, expected] of cases) t.same(parseForward(socket(path)), expected, path);
  t.end();
});

t.test('what the Preevy agent sends, script injection and all', (t) => {
  const path = '/web-3000-myenv#access=private;meta=eyJzZXJ2aWNlIjoid2ViIn0;inject=W3sic3JjIjoiL3gifV0';
  const options = { access: 'private', meta: { service: 'web' } };
  const value = { service: 'web-3000-myenv', port: undefined, options, ignored: ['inject'] };
  t.same(parseForward(socket(path)), { ok: true, value });
  t.equal(parseForward(socket('/web?inject=W10')).ok, false, 'in that form only');
  t.end();
});

t.test('requests that are refused, with what is wrong', (t) => {
  const cases: [ForwardRequest, RegExp][] = [
    [tcpip('', -1), /not a port/],
    [tcpip('', 65_536), /not a port/],
    [tcpip('', 1.5), /not a port/],
    [tcpip('', NaN), /not a port/],
    [tcpip('a'.repeat(256), 80), /longer than 255 bytes/],
    [tcpip('ü'.repeat(128), 80), /longer than 255 bytes/],
    [tcpip('we\nb', 80), /control characters/],
    [tcpip('web\u0085', 80), /control characters/],
    [tcpip('/web', 80), /-R \/web:localhost:3000/],
    [tcpip('web?access=private', 80), /options need the form with a slash/],
    [tcpip('web#access=private', 80), /options need the form with a slash/],
    [socket(''), /begin with a slash/],
    [socket('web'), /begin with a slash/],
    [socket('?access=public'), /begin with a slash/],
    [socket('//'), /empty/],
    [socket('//8080'), /empty/],
    [socket('/web/'), /not a port/],
    [socket('/web/api'), /not a port/],
    [socket('/web/080'), /not a port/],
    [socket('/web/65536'), /not a port/],
    [socket('/99999'), /not a port/],
    [socket('/web/8080/'), /too many parts/],
    [socket('/web/8080/x'), /too many parts/],
    [socket('/we\u0000b'), /control characters/],
    [socket(`/${'a'.repeat(256)}`), /longer than 255 bytes/],
    [socket(`/web?meta=${'a'.repeat(8192)}`), /longer than 8192 bytes/],
    [socket('/web?foo=1'), /unknown option "foo".*access, host, scheme, ttl, meta, balance, from/],
    [socket('/web?access'), /access has no value/],
    [socket('/web?access=all'), /access.*public, private, team/],
    [socket('/web?access=public&access=private'), /access is given twice/],
    [socket('/web?access=public#access=private'), /access is given twice/],
    [socket('/web?host=%'), /%/],
    [socket('/web?host=%ff'), /%/],
    [socket('/web?host=a%0d%0aX%3A%20y'), /host/],
  ];
  for (const [request, expected] of cases) {
    const parsed = parseForward(request);
    t.match(parsed.ok ? '' : parsed.problem, expected, JSON.stringify(request).slice(0, 60));
  }
  t.end();
});

t.test('the key is the request as sent', (t) => {
  t.equal(forwardKey(socket('/web?access=public')), '/web?access=public');
  t.equal(forwardKey(tcpip('localhost', 80)), 'localhost:80');
  t.equal(forwardKey(tcpip('', 0)), ':0');
  t.end();
});

const requests: fc.Arbitrary<ForwardRequest> = fc.oneof(
  fc.record({
    kind: fc.constant('tcpip' as const),
    bindAddr: fc.string({ unit: 'binary' }),
    bindPort: fc.integer(),
  }),
  fc.record({
    kind: fc.constant('streamlocal' as const),
    socketPath: fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^\/[a-z0-9/]{0,9}[?#][a-z=&;%#?]{0,30}$/),
    ),
  }),
);

t.test('any request gives a spec or a printable problem, and never a throw', (t) => {
  fc.assert(
    fc.property(requests, (request) => {
      const parsed = parseForward(request);
      if (!parsed.ok) return /^[\x20-\x7e]+$/.test(parsed.problem);
      const { service, port } = parsed.value;
      return service !== '' && port !== 0 && port !== 80 && port !== 443;
    }),
    { numRuns: 5000 },
  );
  t.end();
});

t.test('the two forms of one forward mean the same', (t) => {
  const services = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/).filter((service) => service !== 'localhost');
  fc.assert(
    fc.property(services, fc.integer({ min: 1, max: 65_535 }), (service, port) => {
      t.same(parseForward(socket(`/${service}/${String(port)}`)), parseForward(tcpip(service, port)));
      t.same(parseForward(socket(`/${String(port)}`)), parseForward(tcpip('', port)));
    }),
  );
  t.end();
});

t.test('accepted requests of one tunnel have different keys', (t) => {
  fc.assert(
    fc.property(requests, requests, (a, b) => {
      const same = JSON.stringify(a) === JSON.stringify(b);
      return same || !parseForward(a).ok || !parseForward(b).ok || forwardKey(a) !== forwardKey(b);
    }),
  );
  t.end();
});
