import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { ServerChannel } from 'ssh2';
import t from 'tap';
import { SessionInput, type SessionInputOptions } from '../../../server/ssh/session-input.ts';

function make(options: Partial<SessionInputOptions> = {}): { channel: PassThrough; input: SessionInput } {
  const channel = new PassThrough();
  const input = new SessionInput(channel as unknown as ServerChannel, { terminal: false, ...options });
  return { channel, input };
}

t.test('everything up to its end', async (t) => {
  const { channel, input } = make();
  const read = input.read('public-key');
  channel.write('a');
  channel.end('bä');
  t.same(await read, { ok: true, value: 'abä' });
});

t.test('what came before it was asked for', async (t) => {
  const { channel, input } = make();
  channel.end('early');
  await once(channel, 'end');
  t.same(await input.read('public-key'), { ok: true, value: 'early' });
  t.same(await input.read('public-key'), { ok: true, value: '' }, 'once');
});

t.test('what is too much ends it at once, and is not kept', async (t) => {
  const { channel, input } = make({ maxBytes: 10 });
  channel.write('x'.repeat(10));
  channel.write('y');
  t.match(await input.read('public-key'), { ok: false, problem: /far more/ });
  t.ok(channel.write('z'.repeat(100_000)), 'the rest is read, and dropped');
});

t.test('exactly as much as may be', async (t) => {
  const { channel, input } = make({ maxBytes: 10 });
  channel.end('x'.repeat(10));
  t.same(await input.read('public-key'), { ok: true, value: 'x'.repeat(10) });
});

t.test('an end that does not come in time', async (t) => {
  const { channel, input } = make({ timeoutMs: 1 });
  channel.write('x');
  t.match(await input.read('public-key'), { ok: false, problem: /in time/ });
});

t.test('a session that ends without an end of its input', async (t) => {
  const { channel, input } = make();
  channel.write('half');
  channel.destroy();
  t.match(await input.read('public-key'), { ok: false });
});

t.test('on a terminal Ctrl-D ends it, elsewhere it is a byte', async (t) => {
  for (const end of ['\u0003', '\u0004']) {
    const { channel, input } = make({ terminal: true });
    channel.write(`line\n${end}more`);
    t.same(await input.read('public-key'), { ok: true, value: 'line\n' });
  }
  const { channel, input } = make();
  channel.end('a\u0004');
  t.same(await input.read('public-key'), { ok: true, value: 'a\u0004' });
});

t.test('bytes that are no text come one by one', async (t) => {
  const { channel, input } = make();
  channel.end(Buffer.of(0x30, 0x82, 0xff));
  t.same(await input.read('public-key'), { ok: true, value: '0\u0082ÿ' });
});

t.test('of a secret its first line is enough', async (t) => {
  const { channel, input } = make();
  const read = input.read('secret');
  channel.write('correct ');
  channel.write('horse\n');
  t.same(await read, { ok: true, value: 'correct horse\n' });
  const other = make();
  other.channel.end('no line end');
  t.same(await other.input.read('secret'), { ok: true, value: 'no line end' });
});

t.test('a secret that does not come', async (t) => {
  const { channel, input } = make({ timeoutMs: 1 });
  channel.write('half a');
  t.match(await input.read('secret'), { ok: false, problem: /password by/ });
  const much = make({ maxBytes: 10 });
  much.channel.write('x'.repeat(11));
  t.match(await much.input.read('secret'), { ok: false, problem: /far more .* password/ });
});

t.test(
  'a secret that is typed at a terminal: what is rubbed out is not in it, and Ctrl-C gives it up',
  async (t) => {
    const typed = make({ terminal: true });
    typed.channel.write('wrong\u0015hors\u007fse ä\b\b\r');
    t.same(await typed.input.read('secret'), { ok: true, value: 'horse\r' });
    const ended = make({ terminal: true });
    ended.channel.write('horse\u0004');
    t.same(await ended.input.read('secret'), { ok: true, value: 'horse' });
    const givenUp = make({ terminal: true });
    givenUp.channel.write('horse\u0003');
    t.match(await givenUp.input.read('secret'), { ok: false, problem: /given up/ });
  },
);

t.test('host keys are all of it, and what is wrong is told of them', async (t) => {
  const { channel, input } = make({});
  channel.end('one\ntwo\n');
  t.same(await input.read('host-keys'), { ok: true, value: 'one\ntwo\n' });
  const tooMuch = make({ maxBytes: 10 });
  tooMuch.channel.write('x'.repeat(11));
  t.match(await tooMuch.input.read('host-keys'), { ok: false, problem: /host keys of one machine/ });
});
