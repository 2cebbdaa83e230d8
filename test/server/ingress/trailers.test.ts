import t from 'tap';
import { passingTrailers } from '../../../server/ingress/trailers.ts';

t.test('trailers pass, but for what means something in a head only', async (t) => {
  t.same(passingTrailers([]), []);
  t.same(passingTrailers(['grpc-status', '0', 'X-Sum', 'abc']), ['grpc-status', '0', 'X-Sum', 'abc']);
  const refused = [
    'Content-Length',
    'Transfer-Encoding',
    'Host',
    'Set-Cookie',
    'set_cookie',
    'Set-Cookie2',
    'Clear-Site-Data',
    'Strict-Transport-Security',
    'Authorization',
    'X-Forwarded-For',
    'Porthole-Error',
    'X_Real_IP',
    'Connection',
  ];
  t.same(passingTrailers(['X-A', 'a\nb', 'X-B', '\u20ac', 'X-C', 'caf\xe9']), ['X-C', 'caf\xe9']);
  t.same(passingTrailers(refused.flatMap((name) => [name, 'x'])), []);
});
