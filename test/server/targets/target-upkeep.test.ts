import t from 'tap';
import { TargetPresence } from '../../../server/targets/presence.ts';
import { TargetUpkeep } from '../../../server/targets/target-upkeep.ts';
import { targetId } from '../../support/memory-book.ts';
import { FakeTunnel } from '../../support/present-tunnel.ts';
import { until } from '../../support/until.ts';

const [one, two] = [targetId(1), targetId(2)];

t.test('machines are seen when they go, and now and then while they are there', async (t) => {
  const presence = new TargetPresence();
  const seen: [id: string, at: number][] = [];
  let purges = 0;
  const clock = { now: 1000 };
  const upkeep = new TargetUpkeep({
    book: { seen: (id, at) => seen.push([id, at]), purge: () => Promise.resolve(void (purges += 1)) },
    ...{ presence, intervalMs: 2, purgeMs: 2, now: () => clock.now },
  });
  t.teardown(() => {
    upkeep.stop();
  });
  const [tunnel, other, newer] = [new FakeTunnel(), new FakeTunnel(), new FakeTunnel()];
  presence.report(one, tunnel);
  presence.report(two, other);
  presence.report(two, newer);
  await other.end();
  t.same(seen, [], 'it is there by another tunnel still');
  await tunnel.end();
  t.same(seen, [[one, 1000]]);
  clock.now = 2000;
  upkeep.start();
  upkeep.start();
  await until('a look', () => seen.length > 2 && purges > 1);
  t.same(seen[1], [two, 2000]);
  upkeep.stop();
  const before = seen.length;
  await newer.end();
  t.same(seen.slice(before), [[two, 2000]]);
});
