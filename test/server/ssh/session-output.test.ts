import { Writable } from 'node:stream';
import type { ServerChannel } from 'ssh2';
import t from 'tap';
import { SessionOutput } from '../../../server/ssh/session-output.ts';

/** A session channel whose peer reads only when told to. */
class FakeChannel extends Writable {
  readonly stderr: StuckStream;
  readonly exits: number[] = [];
  text = '';
  stuck = false;
  #waiting: (() => void) | undefined;

  constructor() {
    super({ decodeStrings: false });
    this.stderr = new StuckStream();
  }

  override _write(text: string, _encoding: BufferEncoding, done: () => void): void {
    this.text += text;
    if (this.stuck) this.#waiting = done;
    else done();
  }

  exit(status: number): void {
    this.exits.push(status);
  }

  flow(): void {
    this.stuck = false;
    this.#waiting?.();
  }
}

class StuckStream extends Writable {
  text = '';

  constructor() {
    super({ decodeStrings: false });
  }

  override _write(text: string): void {
    this.text += text;
  }
}

function make(terminal = false, stalledMs?: number): { channel: FakeChannel; output: SessionOutput } {
  const channel = new FakeChannel();
  const options = { terminal, ...(stalledMs !== undefined && { stalledMs }) };
  return { channel, output: new SessionOutput(channel as unknown as ServerChannel, options) };
}

t.test('line ends as the terminal wants them', (t) => {
  for (const [terminal, expected] of [
    [false, 'a\nb\n'],
    [true, 'a\r\nb\r\n'],
  ] as const) {
    const { channel, output } = make(terminal);
    output.lines(['a', 'b']);
    t.equal(channel.text, expected);
  }
  t.end();
});

t.test('JSON is one line ended by CR LF', (t) => {
  const { channel, output } = make();
  output.json({ a: 'b\nc' });
  t.equal(channel.text, '{"a":"b\\nc"}\r\n');
  t.end();
});

t.test('errors go to standard error', (t) => {
  const { channel, output } = make();
  output.error('no');
  t.equal(channel.text, '');
  t.equal(channel.stderr.text, 'porthole: no\n');
  t.end();
});

t.test('a terminal that nobody reads costs a bounded memory; it is told how much it missed', (t) => {
  const { channel, output } = make();
  channel.stuck = true;
  for (let i = 0; i < 10_000; i += 1) output.line('x'.repeat(99));
  t.ok(channel.writableLength < 70 * 1024, `${channel.writableLength} bytes wait`);
  channel.flow();
  output.line('last');
  t.match(channel.text, /\(9\d\d\d lines left out\)\nlast\n$/);
  for (let i = 0; i < 10_000; i += 1) output.error('x'.repeat(99));
  t.ok(channel.stderr.writableLength < 70 * 1024, `${channel.stderr.writableLength} bytes wait`);
  t.end();
});

t.test('a whole answer comes no faster than it is read', async (t) => {
  const { channel, output } = make();
  channel.stuck = true;
  const lines = Array.from({ length: 1000 }, (_, at) => `${String(at)} ${'x'.repeat(1000)}`);
  const shown = output.whole([...lines, 'y'.repeat(1_000_000)]);
  t.ok(channel.writableLength < 100 * 1024, `${channel.writableLength} bytes wait`);
  channel.flow();
  t.equal(await shown, true);
  t.equal(channel.text, [...lines, 'y'.repeat(1_000_000), ''].join('\n'));
});

t.test('a reader that stops in the middle of an answer, or leaves, is told of', async (t) => {
  const stuck = make(false, 1);
  stuck.channel.stuck = true;
  t.equal(await stuck.output.whole(['x'.repeat(100_000)]), false);
  stuck.output.cut();
  t.equal(stuck.channel.destroyed, true);
  const gone = make();
  gone.channel.stuck = true;
  const shown = gone.output.whole(['x'.repeat(100_000)]);
  gone.channel.destroy();
  t.equal(await shown, false);
  t.equal(await gone.output.whole(['more']), false);
});

t.test('remarks go beside the output', (t) => {
  const { channel, output } = make();
  output.remark('by the way');
  t.equal(channel.stderr.text, 'by the way\n');
  t.equal(channel.text, '');
  t.end();
});

t.test('after its end, nothing', (t) => {
  const { channel, output } = make();
  output.exit(3);
  t.same(channel.exits, [3]);
  t.equal(channel.writableEnded, true);
  output.exit(4);
  output.line('a');
  output.error('b');
  output.json('c');
  t.same(channel.exits, [3]);
  t.equal(channel.text, '');
  t.end();
});
