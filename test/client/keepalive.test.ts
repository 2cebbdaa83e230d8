import { mock } from 'node:test';
import t from 'tap';
import { keepAlive } from '../../client/keepalive.ts';

mock.timers.enable({ apis: ['setInterval'] });
t.teardown(() => mock.timers.reset());

t.test('pings each interval, and is lost after so many in silence', async (t) => {
  let received = 0;
  const seen: string[] = [];
  const stop = keepAlive({
    intervalMs: 5000,
    misses: 3,
    received: () => received,
    stuck: () => 0,
    ping: () => seen.push('ping'),
    onLost: () => seen.push('lost'),
  });
  t.teardown(stop);
  mock.timers.tick(15_000);
  t.same(seen, ['ping', 'ping', 'ping']);
  received += 1;
  mock.timers.tick(15_000);
  t.equal(seen.filter((what) => what === 'ping').length, 6, 'any byte is a sign of life');
  t.notOk(seen.includes('lost'));
  mock.timers.tick(5000);
  t.equal(seen.at(-1), 'lost');
  mock.timers.tick(60_000);
  t.equal(seen.filter((what) => what === 'lost').length, 1);
});

t.test('one that talks, but takes nothing of what waits for it, is lost too', async (t) => {
  let received = 0;
  let stuck = 0;
  let isLost = false;
  const stop = keepAlive({
    intervalMs: 5000,
    misses: 3,
    received: () => (received += 1),
    stuck: () => stuck,
    ping: () => undefined,
    onLost: () => (isLost = true),
  });
  t.teardown(stop);
  for (stuck = 1; stuck <= 3; stuck += 1) mock.timers.tick(5000);
  stuck = 0;
  mock.timers.tick(5000);
  for (stuck = 1; stuck <= 3; stuck += 1) mock.timers.tick(5000);
  t.equal(isLost, false);
  mock.timers.tick(5000);
  t.equal(isLost, true);
});

t.test('stopped, it does nothing', async (t) => {
  const fail = (): void => void t.fail('called');
  keepAlive({ intervalMs: 10, misses: 1, received: () => 0, stuck: () => 0, ping: fail, onLost: fail })();
  mock.timers.tick(1000);
});
