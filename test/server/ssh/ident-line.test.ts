import { PassThrough, type Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { joinIdentLine } from '../../../server/ssh/ident-line.ts';

/** Reads as ssh2 does: paused, then listening, then flowing. Gives what each 'data' brought. */
async function readAs(socket: Duplex): Promise<string[]> {
  const chunks: string[] = [];
  joinIdentLine(socket);
  socket.pause();
  await Promise.resolve().then(() => {
    socket.on('data', (data: Buffer) => chunks.push(data.toString('latin1')));
    socket.resume();
  });
  return chunks;
}

t.test('a line in pieces arrives as one, with what came behind it', async (t) => {
  const socket = new PassThrough();
  const chunks = await readAs(socket);
  for (const piece of ['S', 'SH-2', '.0-slow', '\r']) {
    socket.write(piece);
    await nextTurn();
  }
  t.same(chunks, []);
  socket.write('\nthe first packet');
  await nextTurn();
  socket.write('more');
  await nextTurn();
  t.same(chunks, ['SSH-2.0-slow\r\nthe first packet', 'more']);
  t.equal(socket.listenerCount('data'), 1);
  t.equal(socket.listenerCount('newListener'), 0);
});

t.test('a line that never ends is passed on when it is longer than any', async (t) => {
  const socket = new PassThrough();
  const chunks = await readAs(socket);
  for (let i = 0; i < 26; i += 1) {
    socket.write('x'.repeat(10));
    await nextTurn();
  }
  t.same(chunks, ['x'.repeat(260)]);
});
