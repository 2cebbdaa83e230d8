import t from 'tap';
import { endedInGap, gapsOf } from '../../../bench/chaos/gaps.ts';
import type { FleetEvent } from '../../../bench/chaos/records.ts';

const event = (env: string, kind: FleetEvent['kind'], atMs: number): FleetEvent => ({ env, kind, atMs });

t.test('a gap lasts from the kill until the tunnel is up again', async (t) => {
  const events = [
    ...[event('a', 'up', 0), event('b', 'up', 1)],
    ...[event('a', 'killed', 10), event('b', 'killed', 12), event('a', 'lost', 15), event('a', 'up', 20)],
    ...[event('a', 'killed', 30), event('a', 'up', 31)],
  ];
  const gaps = [
    { env: 'a', fromMs: 10, toMs: 20 },
    { env: 'a', fromMs: 30, toMs: 31 },
    { env: 'b', fromMs: 12, toMs: Infinity },
  ];
  t.same(gapsOf(events), gaps);
  t.same(gapsOf(events.toReversed()), gaps, 'in whatever order they were noted');
  t.same(gapsOf([]), []);
});

t.test(
  'only the gaps of its own environment excuse a request, and only for what ended in them',
  async (t) => {
    const gaps = gapsOf([event('a', 'killed', 10), event('a', 'up', 20)]);
    const excused = (env: string, endedMs: number): boolean => endedInGap({ env, endedMs }, gaps, 5);
    t.notOk(excused('a', 9));
    t.ok(excused('a', 10));
    t.ok(excused('a', 20));
    t.ok(excused('a', 25), 'within the tolerance');
    t.notOk(excused('a', 26));
    t.notOk(excused('b', 15));
  },
);
