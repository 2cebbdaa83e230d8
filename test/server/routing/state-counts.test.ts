import t from 'tap';
import { StateCounts } from '../../../server/routing/state-counts.ts';

t.test('each is counted where it is', (t) => {
  const counts = new StateCounts();
  const none = { ready: 0, degraded: 0, reconnecting: 0, offline: 0, expired: 0 };
  t.same(counts.all, none);
  counts.move(undefined, 'ready');
  counts.move(undefined, 'offline');
  counts.move('ready', 'degraded');
  t.same(counts.all, { ...none, degraded: 1, offline: 1 });
  counts.move('offline', undefined);
  t.same(counts.all, { ...none, degraded: 1 });
  t.end();
});
