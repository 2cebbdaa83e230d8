import fc from 'fast-check';
import t from 'tap';
import { decodedOctets, plainName } from '../../../server/access/spelling.ts';

t.test('a name in every spelling is one name', async (t) => {
  const spellings = [
    'name',
    'NAME',
    ' name\t',
    '"name"',
    '%6eame',
    '%6Eam%65',
    '%256eame',
    '%22name%22',
    "'Name'",
  ];
  for (const text of spellings) t.equal(plainName(text), 'name', text);
  t.equal(plainName('%25256eame'), '%6eame', 'nobody decodes three times');
  t.equal(plainName('%zz%'), '%zz%');
});

t.test('octets, whatever they are', async (t) => {
  t.equal(decodedOctets('a%00%ff%zz%4'), 'a\0\xff%zz%4');
});

t.test('never an error, never longer', async () => {
  fc.assert(fc.property(fc.string(), (text) => plainName(text).length <= text.toLowerCase().length));
});
