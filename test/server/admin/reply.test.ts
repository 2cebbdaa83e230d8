import fc from 'fast-check';
import t from 'tap';
import { answer, failed, notAllowed, wrongUsage } from '../../../server/admin/answer.ts';
import { replyOf } from '../../../server/admin/reply.ts';

t.test('an answer as text, and as one line of JSON', (t) => {
  const given = answer({ a: 'b\nc' }, ['one', 'two'], ['by the way']);
  t.same(replyOf(given), { stdout: ['one', 'two'], stderr: ['by the way'], status: 0 });
  t.same(replyOf(given, { json: true }), { stdout: ['{"a":"b\\nc"}'], stderr: ['by the way'], status: 0 });
  t.same(replyOf(answer(1, [])), { stdout: [], stderr: [], status: 0 });
  t.end();
});

t.test('errors have their statuses', (t) => {
  t.same(replyOf(failed('a\nb'), { json: true }), { stdout: [], stderr: ['a', 'b'], status: 1 });
  t.match(replyOf(wrongUsage('a')), { status: 2 });
  t.match(replyOf(notAllowed('a')), { status: 3 });
  t.end();
});

t.test('nothing in a reply acts on a terminal, and JSON stays what it was', (t) => {
  t.same(replyOf(answer('', ['\u001b[2J\u202e\u009b\u{e0001}'])).stdout, [
    '\\u001b[2J\\u202e\\u009b\\udb40\\udc01',
  ]);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const reply = replyOf(answer({ text }, [text], [text]), { json: true });
      const shown = [...reply.stdout, ...reply.stderr, ...replyOf(answer('', [text])).stdout].join('');
      if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(shown)) return false;
      return (JSON.parse(reply.stdout.join('')) as { text: string }).text === text;
    }),
  );
  t.end();
});

t.test('why there is no answer may have a value for programs', (t) => {
  const conflict = { ...failed('no'), value: { kind: 'conflict', reason: '\u001b' } };
  t.same(replyOf(conflict), { stdout: [], stderr: ['no'], status: 1 });
  t.same(replyOf(conflict, { json: true }), {
    ...{ stdout: ['{"kind":"conflict","reason":"\\u001b"}'], stderr: ['no'], status: 1 },
  });
  t.same(replyOf(failed('no'), { json: true }).stdout, []);
  t.end();
});
