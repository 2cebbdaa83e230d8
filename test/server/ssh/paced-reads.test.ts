import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { Turns } from '../../../core/turns.ts';
import { paceReads } from '../../../server/ssh/paced-reads.ts';
import { until } from '../../support/until.ts';

t.test('a crowd is read a few at a time, and nothing is lost', async (t) => {
  const turns = new Turns(2);
  const got: string[] = [];
  const sockets = Array.from({ length: 9 }, (_, index) => {
    const socket = new PassThrough();
    const stop = paceReads(socket, turns);
    socket.on('data', (data: Buffer) => got.push(`${String(index)}${data.toString()}`));
    return { socket, stop };
  });
  for (const { socket } of sockets) socket.write('a');
  await nextTurn();
  t.ok(got.length < 9, `${String(got.length)} in the first turn`);
  await until('all are read', () => got.length === 9);
  for (const { socket } of sockets) socket.write('b');
  for (const { stop } of sockets) stop();
  await until('what came before the end of the login is read', () => got.length === 18);
  for (const { socket } of sockets) socket.write('c');
  await until('it flows', () => got.length === 27);
  t.same(
    got.toSorted(),
    sockets.flatMap((_, index) => ['a', 'b', 'c'].map((byte) => `${String(index)}${byte}`)),
  );
});

t.test('the end is told, and a socket that is gone is left alone', async (t) => {
  const turns = new Turns(1);
  const socket = new PassThrough();
  paceReads(socket, turns);
  let ended = false;
  socket.on('data', () => undefined).on('end', () => (ended = true));
  socket.end('last');
  await until('it ended', () => ended);
  const gone = new PassThrough();
  paceReads(gone, turns);
  gone.write('x');
  turns.run(() => undefined);
  gone.destroy();
  await nextTurn();
  t.ok(gone.destroyed);
});
