import fc from 'fast-check';
import t from 'tap';
import { commandSchemas } from '../../../core/command-values.ts';
import { keyId } from '../../../core/names.ts';
import { freeName, nameFor } from '../../../server/admin/key-names.ts';

const blob = Buffer.from('key');

t.test('names are made of comments', (t) => {
  const cases = {
    'ana@laptop': 'ana@laptop',
    'Ana Müller (work)': 'Ana-Muller-work',
    '--x--': 'x',
    '../../etc/passwd': 'etc-passwd',
    '': keyId(blob),
    '🔑': keyId(blob),
    '-._': keyId(blob),
  };
  for (const [comment, name] of Object.entries(cases)) t.equal(nameFor({ comment, blob }), name, comment);
  t.equal(nameFor({ comment: 'x'.repeat(100), blob }).length, 64);
  t.end();
});

t.test('whatever the comment, it is a name', (t) => {
  const { name: schema } = commandSchemas['key add'].shape;
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(3), (comment, taken) => {
      const first = nameFor({ comment, blob });
      let left = taken;
      return schema.safeParse(freeName(first, () => left-- > 0)).success;
    }),
  );
  t.end();
});

t.test('the first name that is free', (t) => {
  const taken = new Set(['ci', 'ci-2']);
  t.equal(
    freeName('ci', (name) => taken.has(name)),
    'ci-3',
  );
  t.equal(
    freeName('x', () => false),
    'x',
  );
  t.equal(
    freeName('x'.repeat(64), (name) => !name.endsWith('-2')),
    `${'x'.repeat(62)}-2`,
  );
  t.end();
});
