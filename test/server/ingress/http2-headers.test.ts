import t from 'tap';
import { http2Headers, withoutPseudo } from '../../../server/ingress/http2-headers.ts';

t.test('a list becomes what HTTP/2 takes', async (t) => {
  t.same(
    {
      ...http2Headers([
        'X-A',
        '1',
        'Set-Cookie',
        'a',
        'x-a',
        '2',
        'Set-Cookie',
        'b',
        'Connection',
        'x',
        'Transfer-Encoding',
        'chunked',
        'Upgrade',
        'x',
        'Keep-Alive',
        'x',
        'Trailer',
        'X-Sum',
      ]),
    },
    { 'x-a': ['1', '2'], 'set-cookie': ['a', 'b'], trailer: 'X-Sum' },
  );
  t.same(
    { ...http2Headers(['Content-Type', 'a', 'content-type', 'b']) },
    { 'content-type': 'a' },
    'the first counts',
  );
  t.same({ ...http2Headers(['__proto__', 'x']) }, { ['__proto__']: 'x' }, 'any name is a name');
});

t.test('pseudo-headers are no headers', async (t) => {
  t.same(withoutPseudo([':method', 'GET', ':path', '/', 'a', '1']), ['a', '1']);
  t.same(withoutPseudo([]), []);
});
