import fc from 'fast-check';
import t from 'tap';
import { maxFormBytes, readForm } from '../../../server/login/form-body.ts';

const type = 'application/x-www-form-urlencoded';
const read = (text: string, contentType: string | undefined = type): ReturnType<typeof readForm> =>
  readForm(Buffer.from(text, 'latin1'), contentType);

t.test('what a browser writes is read as it was meant', async (t) => {
  const fields = fc.dictionary(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 }).filter((name) => name.isWellFormed()),
    fc.string({ unit: 'grapheme', maxLength: 30 }).filter((value) => value.isWellFormed()),
    { maxKeys: 10 },
  );
  fc.assert(
    fc.property(fields, (given) => {
      const form = read(new URLSearchParams(given).toString());
      t.ok(form.ok);
      if (form.ok) t.same(Object.fromEntries(form.value), given);
    }),
    { numRuns: 50 },
  );
  t.ok(read('a=1', `${type}; charset=UTF-8`).ok);
  t.ok(read('a=1', `${type};charset="utf-8"`).ok);
  t.ok(read('').ok);
});

t.test('everything else is refused', async (t) => {
  for (const text of [
    'a',
    '=1',
    'a=1&a=2',
    'a=1&&b=2',
    'a=b=c',
    'a=%',
    'a=%zz',
    'a=%ff',
    'a=\u00e9',
    'a=b c',
    'a=<',
  ]) {
    t.notOk(read(text).ok, text);
  }
  t.notOk(read(Array.from({ length: 17 }, (_, at) => `f${String(at)}=1`).join('&')).ok);
  t.notOk(read(`a=${'b'.repeat(maxFormBytes)}`).ok);
  for (const other of [
    undefined,
    '',
    'text/plain',
    'multipart/form-data',
    `${type}; charset=latin1`,
    `${type}, text/plain`,
  ])
    t.notOk(readForm(Buffer.from('a=1'), other).ok, String(other));
  t.notOk(read('a=1', 'application/json').ok);
});

t.test('no bytes make it throw', async (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      (bytes) => typeof readForm(Buffer.from(bytes), type).ok === 'boolean',
    ),
  );
  t.pass();
});
