import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { Output } from '../../core/output.ts';

/** A reader that takes so many bytes, and says EAGAIN after that; `take` lets it take more. */
class Reader {
  text = '';
  writes = 0;
  #room: number;

  constructor(room: number) {
    this.#room = room;
  }

  readonly writeSome = (bytes: Uint8Array): number => {
    if (this.#room === 0) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
    const taken = bytes.subarray(0, this.#room);
    this.#room -= taken.length;
    this.writes += 1;
    this.text += Buffer.from(taken).toString();
    return taken.length;
  };

  take(room: number): void {
    this.#room += room;
  }
}

function outputTo(writeSome: (bytes: Uint8Array) => number, maxBytes = 100): Output {
  return new Output({
    writeSome,
    maxBytes,
    retryMs: 1,
    droppedLine: (count) => `dropped ${String(count)}\n`,
  });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

t.test('the lines of one turn go out in one write', async (t) => {
  const reader = new Reader(1000);
  const output = outputTo(reader.writeSome);
  output.write('one\n');
  output.write('two\n');
  t.equal(reader.text, '');
  await until(() => output.bufferedBytes === 0);
  t.equal(reader.text, 'one\ntwo\n');
  t.equal(reader.writes, 1);
});

t.test('a line that was taken in part is continued', async (t) => {
  const reader = new Reader(2);
  const output = outputTo(reader.writeSome);
  output.write('grün\n');
  await until(() => reader.text === 'gr');
  reader.take(1000);
  output.write('blau\n');
  await until(() => output.bufferedBytes === 0);
  t.equal(reader.text, 'grün\nblau\n');
});

t.test('beyond the bound lines are dropped, and counted where they are missing', async (t) => {
  const reader = new Reader(0);
  const output = outputTo(reader.writeSome);
  let mostBuffered = 0;
  for (let line = 0; line < 1000; line += 1) {
    output.write('123456789\n');
    if (line % 100 === 0) await nextTurn();
    mostBuffered = Math.max(mostBuffered, output.bufferedBytes);
  }
  t.equal(mostBuffered, 100);
  reader.take(50);
  output.write('late\n');
  await until(() => reader.text.length === 50);
  reader.take(10_000);
  await until(() => output.bufferedBytes === 0);
  output.write('after\n');
  await until(() => reader.text.endsWith('after\n'));
  t.equal(reader.text, `${'123456789\n'.repeat(10)}dropped 991\nafter\n`);
});

t.test('a line longer than the bound is dropped, and the next is not', async (t) => {
  const reader = new Reader(1000);
  const output = outputTo(reader.writeSome);
  output.write('x'.repeat(101));
  await until(() => reader.text !== '');
  output.write('next\n');
  await until(() => output.bufferedBytes === 0);
  t.equal(reader.text, 'dropped 1\nnext\n');
});

t.test('a reader that is gone costs its lines and nothing else', async (t) => {
  let gone = true;
  const reader = new Reader(1000);
  const output = outputTo((bytes) => {
    if (gone) throw Object.assign(new Error('broken pipe'), { code: 'EPIPE' });
    return reader.writeSome(bytes);
  });
  output.write('lost\n');
  await until(() => output.bufferedBytes === 0);
  gone = false;
  output.write('kept\n');
  await until(() => output.bufferedBytes === 0);
  t.equal(reader.text, 'kept\n');
});

t.test('a flush hands over at once what the reader takes', (t) => {
  const reader = new Reader(6);
  const output = outputTo(reader.writeSome);
  output.write('first\n');
  output.write('second\n');
  output.flushSync();
  t.equal(reader.text, 'first\n');
  t.equal(output.bufferedBytes, 7);
  t.end();
});
