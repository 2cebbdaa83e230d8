import fc from 'fast-check';
import t from 'tap';
import { parseOsUser } from '../../core/os-user.ts';

t.test('names of users', async (t) => {
  for (const name of [
    'root',
    'dev',
    '_apt',
    'john.doe',
    'Ana',
    'a-b',
    'x@corp.example',
    'u+1',
    '7up',
    'a'.repeat(64),
  ])
    t.same(parseOsUser(name), { ok: true, value: name });
  for (const name of [
    '',
    '-e',
    '.',
    '..',
    'a/b',
    '../x',
    'a b',
    'a\n',
    'a\0',
    'é',
    '$x',
    'a:b',
    'a%u',
    '42',
    'a'.repeat(65),
  ])
    t.equal(parseOsUser(name).ok, false, JSON.stringify(name));
});

t.test('whatever is taken is fit for a path, a shell and a principal', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 70 }), (text) => {
      const name = parseOsUser(text);
      return !name.ok || (/^[A-Za-z0-9_][\w.@+-]*$/.test(name.value) && !/^\.*$/.test(name.value));
    }),
  );
});
