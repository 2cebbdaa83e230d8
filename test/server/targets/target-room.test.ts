import t from 'tap';
import { targetToForget } from '../../../server/targets/target-room.ts';
import type { TargetRecord } from '../../../server/targets/target-record.ts';
import { MemoryBook, someTarget, targetId } from '../../support/memory-book.ts';

const day = 86_400_000;
const now = 100 * day;

const seen = (number: number, daysAgo: number, overrides: Partial<TargetRecord> = {}): TargetRecord =>
  someTarget({
    ...{ id: targetId(number), name: `vm-${String(number)}`, lastSeenAt: now - daysAgo * day },
    ...overrides,
  });

function forgotten(
  targets: readonly TargetRecord[],
  limits: { targets?: number; targetsPerOwner?: number },
  live: readonly string[] = [],
): string | undefined {
  const facts = { book: new MemoryBook({ targets }), now, isLive: (id: string) => live.includes(id) };
  return targetToForget('ana', { ...facts, limits: { targets: 99, targetsPerOwner: 99, ...limits } })?.name;
}

t.test('who makes room for one more', (t) => {
  const own = [seen(1, 3), seen(2, 5), seen(3, 2)];
  t.equal(forgotten(own, {}), undefined, 'there is room');
  t.equal(forgotten(own, { targetsPerOwner: 3 }), 'vm-2');
  t.equal(forgotten(own, { targetsPerOwner: 3 }, [targetId(2)]), 'vm-1', 'not one that is online');
  t.equal(
    forgotten([seen(1, 3), seen(2, 5, { origin: 'added' })], { targetsPerOwner: 2 }),
    'vm-1',
    'nor by hand',
  );
  t.equal(forgotten([seen(1, 0.5), seen(2, 0.9)], { targetsPerOwner: 2 }), undefined, 'nor of today');
  t.equal(
    forgotten([seen(1, 3), seen(2, 99, { owner: 'bob' })], { targetsPerOwner: 1 }),
    'vm-1',
    'one`s own',
  );
  t.equal(forgotten([seen(1, 3), seen(2, 31, { owner: 'bob' })], { targets: 2 }), 'vm-2');
  t.equal(forgotten([seen(1, 3), seen(2, 29, { owner: 'bob' })], { targets: 2 }), undefined);
  const { lastSeenAt, ...never } = seen(3, 1, { createdAt: now - 40 * day });
  t.ok(lastSeenAt);
  t.equal(forgotten([never, seen(2, 35)], { targets: 2 }), 'vm-3', 'one that was never seen');
  t.end();
});
