import fc from 'fast-check';
import t from 'tap';
import { kindOfRequestHeader, requestHeaderKind as kind } from '../../../server/ingress/header-kinds.ts';

t.test('what becomes of a header goes by its name, in any case', async (t) => {
  const cases: [string, number][] = [
    ['Accept-Language', kind.plain],
    ['x-custom', kind.plain],
    ['x_custom', kind.plain],
    ['HOST', kind.host],
    ['cookie', kind.cookie],
    ['Content-Length', kind.contentLength],
    ['TE', kind.te],
    ['Keep-Alive', kind.dropped],
    ['HTTP2-Settings', kind.dropped],
    ['Proxy-Authorization', kind.dropped],
    ['X-Forwarded-For', kind.forwardedFor],
    ['x-forwarded-proto', kind.forwardedProto],
    ['X-Forwarded-Host', kind.forwarding],
    ['X-Forwarded-Anything', kind.forwarding],
    ['Forwarded', kind.forwarding],
    ['x-real-ip', kind.forwarding],
    ['CF-Connecting-IP', kind.forwarding],
    ['Porthole-Share', kind.share],
    ['Porthole-Anything', kind.dropped],
    ['X-Porthole-User', kind.dropped],
    ['X-Request-ID', kind.requestId],
  ];
  for (const [name, expected] of cases) t.equal(kindOfRequestHeader(name), expected, name);
});

t.test('another separator makes no difference to many applications, so it makes none here', async (t) => {
  const names = [
    'X_Forwarded_For',
    'x-forwarded_for',
    'X_FORWARDED_PROTO',
    'X.Forwarded.Host',
    'x_forwarded_whatever',
    'X_Real_IP',
    'Content_Length',
    'Transfer_Encoding',
    'porthole_share',
    'Porthole_User',
    'X~Porthole~User',
  ];
  for (const name of names) t.equal(kindOfRequestHeader(name), kind.dropped, name);
});

t.test('no spelling of a forwarding header is taken for a plain one', async () => {
  const parts = fc.constantFrom(
    ['x', 'forwarded', 'for'],
    ['x', 'real', 'ip'],
    ['porthole', 'user'],
    ['forwarded'],
  );
  const separator = fc.constantFrom('-', '_', '.', '~', '!');
  const spelling = fc
    .tuple(parts, fc.array(separator, { minLength: 3, maxLength: 3 }), fc.boolean())
    .map(([words, separators, upper]) => {
      const name = words.map((word, i) => (i === 0 ? word : `${separators[i] ?? '-'}${word}`)).join('');
      return upper ? name.toUpperCase() : name;
    });
  fc.assert(fc.property(spelling, (name) => kindOfRequestHeader(name) !== kind.plain));
});
