import { PassThrough } from 'node:stream';
import t from 'tap';
import type { Peeked } from '../../tls/peek.ts';
import { peek } from '../../tls/peek.ts';

const long = { silenceMs: 60_000, deadlineMs: 60_000 };

/** Decides by the first four bytes. */
function decide(bytes: Buffer): string {
  return bytes.length < 4 ? 'more' : bytes.toString('latin1', 0, 4);
}

async function rest(stream: PassThrough): Promise<string> {
  return Buffer.concat((await stream.toArray()) as Buffer[]).toString();
}

t.test('decides, and leaves the stream as if untouched', async (t) => {
  const stream = new PassThrough();
  const peeked = peek(stream, { decide, ...long });
  for (const part of ['a', 'bc', 'def', 'g']) stream.write(part);
  t.same(await peeked, { kind: 'decided', value: 'abcd' });
  t.equal(stream.readableFlowing, null);
  for (const event of ['readable', 'end']) t.equal(stream.listenerCount(event), 0);
  stream.end('h');
  t.equal(await rest(stream), 'abcdefgh');
});

t.test('decides by what came before it looked, and by what came with the end', async (t) => {
  const stream = new PassThrough();
  stream.end('abcdef');
  t.same(await peek(stream, { decide, ...long }), { kind: 'decided', value: 'abcd' });
  t.same(await peek(stream, { decide, ...long }), { kind: 'decided', value: 'abcd' }, 'again');
  t.equal(await rest(stream), 'abcdef');
});

t.test('tells silence from indecision', async (t) => {
  const silent = new PassThrough();
  t.same(await peek(silent, { decide, silenceMs: 5, deadlineMs: 60_000 }), { kind: 'silent' });
  t.same(await peek(silent, { decide, silenceMs: 60_000, deadlineMs: 5 }), { kind: 'silent' });
  silent.end('abc');
  t.equal(await rest(silent), 'abc');
  const slow = new PassThrough();
  slow.write('ab');
  t.same(await peek(slow, { decide, silenceMs: 1, deadlineMs: 5 }), { kind: 'late' });
  slow.end('c');
  t.equal(await rest(slow), 'abc', 'its bytes are put back too');
});

t.test('ends with the stream', async (t) => {
  const ended = { kind: 'ended' } satisfies Peeked<unknown>;
  const early = new PassThrough();
  early.end('ab');
  t.same(await peek(early, { decide, ...long }), ended);
  t.same(await peek(early, { decide, ...long }), ended, 'has ended before');
  const destroyed = new PassThrough();
  const peeked = peek(destroyed, { decide, ...long });
  destroyed.destroy();
  t.same(await peeked, ended);
  t.same(await peek(destroyed, { decide, ...long }), ended, 'was destroyed before');
});
