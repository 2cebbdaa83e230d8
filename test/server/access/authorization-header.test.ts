import fc from 'fast-check';
import t from 'tap';
import { readAuthorization } from '../../../server/access/authorization-header.ts';

const base64 = (bytes: string | Buffer): string => Buffer.from(bytes).toString('base64');

t.test('Basic', async (t) => {
  for (const [value, user, password] of [
    [`Basic ${base64('ana:secret')}`, 'ana', 'secret'],
    [`basic  ${base64('ana:secret')} `, 'ana', 'secret'],
    [`BASIC ${base64(':')}`, '', ''],
    [`Basic ${base64('a:b:c')}`, 'a', 'b:c'],
    [`Basic ${base64('ana:ñandú')}`, 'ana', 'ñandú'],
    [`Basic ${base64(Buffer.from('ana:ñandú', 'latin1'))}`, 'ana', 'ñandú'],
    [`Basic ${base64('ana:x').replace(/=+$/, '')}`, 'ana', 'x'],
  ] as const)
    t.same(readAuthorization(value), { kind: 'basic', user, password }, value);
});

t.test('Bearer', async (t) => {
  t.same(readAuthorization('Bearer a.b.c'), { kind: 'bearer', token: 'a.b.c' });
  t.same(readAuthorization('bearer pht_abc.d-e_f'), { kind: 'bearer', token: 'pht_abc.d-e_f' });
});

t.test('everything else is none of ours', async (t) => {
  for (const value of [
    '',
    'Basic',
    'Basic ',
    'Bearer',
    `Basic ${base64('nocolon')}`,
    'Basic a:b',
    'Basic !!!!',
    `Basic ${base64('a:b')}, Bearer x`,
    'Bearer a b',
    'Bearer a,b',
    'Digest username="ana"',
    `Basic ${base64(`a:${'x'.repeat(20_000)}`)}`,
  ])
    t.equal(readAuthorization(value), undefined, value.slice(0, 40));
});

t.test('what is written is what is read, and nothing makes it throw', async () => {
  const text = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(text, text, (name, password) => {
      const user = name.replaceAll(':', '');
      const read = readAuthorization(`Basic ${base64(`${user}:${password}`)}`);
      return read?.kind === 'basic' && read.user === user && read.password === password;
    }),
  );
  fc.assert(
    fc.property(fc.constantFrom('Basic ', 'Bearer ', ''), fc.string({ unit: 'binary' }), (scheme, rest) => {
      readAuthorization(scheme + rest);
    }),
  );
});
