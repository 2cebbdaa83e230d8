import t from 'tap';
import { WaitingRoom } from '../../../server/routing/waiting-room.ts';

const ms = 60_000;

t.test('whoever waits looks at each change of its environment, until it has seen enough', async (t) => {
  const room = new WaitingRoom({ maxPerEnv: 3, maxTotal: 5 });
  let looks = 0;
  let enough = false;
  const done = (): boolean => {
    looks += 1;
    return enough;
  };
  const waits = room.wait('a', { ms, done });
  t.equal(looks, 1, 'once at first');
  room.changed('b');
  t.equal(looks, 1);
  room.changed('a');
  t.equal(looks, 2);
  t.equal(room.countOf('a'), 1);
  enough = true;
  room.changed('a');
  await waits;
  t.equal(room.total, 0);
  room.changed('a');
  t.equal(looks, 3);
});

t.test('it ends with the time, and with the signal', async (t) => {
  const room = new WaitingRoom({ maxPerEnv: 3, maxTotal: 5 });
  const done = (): boolean => false;
  await room.wait('a', { ms: 1, done });
  const left = new AbortController();
  const waits = room.wait('a', { ms, signal: left.signal, done });
  t.equal(room.countOf('a'), 1);
  left.abort();
  await waits;
  await room.wait('a', { ms, signal: left.signal, done });
  t.equal(room.countOf('a'), 0);
  t.equal(room.total, 0);
});

t.test('nobody waits for what is so already', async (t) => {
  const room = new WaitingRoom({ maxPerEnv: 0, maxTotal: 0 });
  await room.wait('a', { ms, done: () => true });
  t.equal(room.total, 0);
});

t.test('there is room for so many, of one environment and in all', async (t) => {
  const room = new WaitingRoom({ maxPerEnv: 2, maxTotal: 3 });
  const left = new AbortController();
  const wait = (env: string): Promise<void> => room.wait(env, { ms, signal: left.signal, done: () => false });
  t.ok(room.hasRoom('a'));
  const waits = [wait('a'), wait('a')];
  t.notOk(room.hasRoom('a'));
  t.ok(room.hasRoom('b'));
  waits.push(wait('b'));
  t.notOk(room.hasRoom('c'));
  left.abort();
  await Promise.all(waits);
  t.ok(room.hasRoom('a'));
  t.equal(room.total, 0);
});
