import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { HandshakeQueue, type LoginRoom } from '../../tls/handshake-queue.ts';
import { until } from '../support/until.ts';

class FakeSocket extends EventEmitter {
  destroyed = false;

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

const fakeSocket = (): Socket & FakeSocket => new FakeSocket() as unknown as Socket & FakeSocket;
const unlimited = (): LoginRoom => ({ inAll: Infinity, ofSource: Infinity });

/** Enters several, and notes the order in which they may begin. */
function entering(queue: HandshakeQueue): {
  begun: string[];
  enter: (kind: 'visitor' | 'machine', name: string, address?: string) => Socket & FakeSocket;
} {
  const begun: string[] = [];
  return {
    begun,
    enter: (kind, name, address = name) => {
      const socket = fakeSocket();
      const turn = kind === 'visitor' ? queue.visitor(socket) : queue.machine(socket, address);
      void turn.then(() => begun.push(name));
      return socket;
    },
  };
}

t.test('one that comes alone begins at once', async (t) => {
  const queue = new HandshakeQueue({ loginRoom: unlimited, patienceMs: 60_000 });
  await queue.visitor(fakeSocket());
  await queue.machine(fakeSocket(), '192.0.2.1');
  t.equal(queue.size, 0);
});

t.test('a few in each turn of the event loop, visitors first', async (t) => {
  const queue = new HandshakeQueue({ loginRoom: unlimited, patienceMs: 60_000 });
  const { begun, enter } = entering(queue);
  for (let i = 0; i < 30; i += 1) enter('machine', `m${String(i)}`);
  enter('visitor', 'v');
  await Promise.resolve();
  const first = begun.length;
  t.ok(first > 0 && first < 30, `${String(first)} began at once`);
  await until('all began', () => begun.length === 31);
  t.equal(begun[first], 'v', 'before the machines that wait');
  t.same(
    begun.filter((name) => name !== 'v'),
    Array.from({ length: 30 }, (_, i) => `m${String(i)}`),
    'in the order in which they came',
  );
});

t.test('machines wait for room, in all and of their own source; visitors do not', async (t) => {
  let room = 2;
  const queue = new HandshakeQueue({
    loginRoom: (address) => ({ inAll: room, ofSource: address === '192.0.2.1' ? 1 : room }),
    patienceMs: 60_000,
  });
  const { begun, enter } = entering(queue);
  enter('machine', 'a1', '192.0.2.1');
  enter('machine', 'a2', '192.0.2.1');
  enter('machine', 'b', '192.0.2.2');
  enter('machine', 'c', '192.0.2.3');
  enter('visitor', 'v');
  await until('those that have room began', () => begun.length === 3);
  t.same(begun.toSorted(), ['a1', 'b', 'v']);
  t.equal(queue.size, 2);
  queue.over('192.0.2.1');
  await until('the next of the source', () => begun.includes('a2'));
  t.notOk(begun.includes('c'), 'but not more than there is room in all');
  room = 3;
  await until('more room', () => begun.includes('c'));
});

t.test('nobody waits for ever, and those that leave leave the queue', async (t) => {
  const queue = new HandshakeQueue({ loginRoom: () => ({ inAll: 0, ofSource: 0 }), patienceMs: 20 });
  const late = fakeSocket();
  await queue.machine(late, '192.0.2.1');
  t.ok(late.destroyed, 'its time was over');
  const { begun, enter } = entering(queue);
  enter('machine', 'gone').destroy();
  await nextTurn();
  t.same(begun, ['gone']);
  t.equal(queue.size, 0);
  const dead = fakeSocket();
  dead.destroyed = true;
  await queue.machine(dead, '192.0.2.1');
  await queue.visitor(dead);
  t.equal(queue.size, 0);
});
