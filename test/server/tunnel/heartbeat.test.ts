import t from 'tap';
import type { TestScope } from '../../support/scope.ts';
import { Heartbeat, type HeartbeatPeer } from '../../../server/tunnel/heartbeat.ts';

/** Calls the heartbeat's ticks by hand instead of its timer. */
function captureTicks(t: Pick<TestScope, 'teardown'>): {
  tick: (times?: number) => void;
  readonly running: number;
} {
  const real = { set: globalThis.setInterval, clear: globalThis.clearInterval };
  const timers = new Map<object, () => void>();
  globalThis.setInterval = ((callback: () => void) => {
    const timer = { unref: () => timer };
    timers.set(timer, callback);
    return timer;
  }) as unknown as typeof real.set;
  globalThis.clearInterval = ((timer: object) => timers.delete(timer)) as typeof real.clear;
  t.teardown(() => {
    globalThis.setInterval = real.set;
    globalThis.clearInterval = real.clear;
  });
  return {
    tick: (times = 1) => {
      for (let i = 0; i < times; i += 1) for (const callback of timers.values()) callback();
    },
    get running() {
      return timers.size;
    },
  };
}

/** A peer that writes down what happens to it; `talks` makes it heard. */
class FakePeer implements HeartbeatPeer {
  readonly events: string[] = [];
  talks = false;

  heard(): boolean {
    return this.talks;
  }

  ping(): void {
    this.events.push('ping');
  }

  lost(): void {
    this.events.push('lost');
  }
}

t.test('three pings into silence, then it is lost, once', async (t) => {
  const clock = captureTicks(t);
  const heartbeat = new Heartbeat({ intervalMs: 5000, misses: 3 });
  const peer = new FakePeer();
  heartbeat.watch(peer);
  const after: [number, string[]][] = [];
  for (const ticks of [4, 1, 5, 5, 1, 20]) {
    clock.tick(ticks);
    after.push([ticks, [...peer.events]]);
  }
  t.same(
    after.map(([, events]) => events),
    [
      [],
      ['ping'],
      ['ping', 'ping'],
      ['ping', 'ping', 'ping'],
      ['ping', 'ping', 'ping', 'lost'],
      ['ping', 'ping', 'ping', 'lost'],
    ],
    'a ping every 5 s, lost within 16 s',
  );
});

t.test('any packet is a sign of life', async (t) => {
  const clock = captureTicks(t);
  const heartbeat = new Heartbeat({ intervalMs: 5000, misses: 3 });
  const peer = new FakePeer();
  heartbeat.watch(peer);
  for (let i = 0; i < 50; i += 1) {
    clock.tick(15);
    peer.talks = true;
    clock.tick(1);
    peer.talks = false;
  }
  t.notOk(peer.events.includes('lost'));
  clock.tick(16);
  t.equal(peer.events.at(-1), 'lost');
});

t.test('each peer has its own silence; one that is no longer watched is left alone', async (t) => {
  const clock = captureTicks(t);
  const heartbeat = new Heartbeat({ intervalMs: 5000, misses: 3 });
  const [silent, talking, gone] = [new FakePeer(), new FakePeer(), new FakePeer()];
  talking.talks = true;
  heartbeat.watch(silent);
  heartbeat.watch(talking);
  const stop = heartbeat.watch(gone);
  t.equal(clock.running, 1, 'one timer for all');
  clock.tick(8);
  stop();
  clock.tick(8);
  t.equal(silent.events.at(-1), 'lost');
  t.same(talking.events, []);
  t.same(gone.events, ['ping']);
});

t.test('the timer runs only while there is somebody to watch', async (t) => {
  const clock = captureTicks(t);
  const heartbeat = new Heartbeat({ intervalMs: 5000, misses: 3 });
  t.equal(clock.running, 0);
  const stop = heartbeat.watch(new FakePeer());
  t.equal(clock.running, 1);
  stop();
  t.equal(clock.running, 0);
  heartbeat.watch(new FakePeer());
  t.equal(clock.running, 1, 'and starts again');
  heartbeat.close();
  t.equal(clock.running, 0);
});

t.test('on a real timer', async (t) => {
  const heartbeat = new Heartbeat({ intervalMs: 5, misses: 2 });
  // The heartbeat's own timer keeps no process alive.
  const alive = setInterval(() => undefined, 1000);
  t.teardown(() => {
    clearInterval(alive);
    heartbeat.close();
  });
  const peer = new FakePeer();
  await new Promise<void>((resolve) => {
    heartbeat.watch({ heard: () => false, ping: () => peer.ping(), lost: resolve });
  });
  t.same(peer.events, ['ping', 'ping']);
});
