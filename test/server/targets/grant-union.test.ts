import fc from 'fast-check';
import t from 'tap';
import { soonest, unionOf } from '../../../server/targets/grant-union.ts';
import { someGrant } from '../../support/memory-book.ts';

const now = 100;
const users = ['ana', 'deploy', 'root'];

t.test('the earliest of some moments', (t) => {
  t.equal(soonest(), undefined);
  t.equal(soonest(undefined, undefined), undefined);
  t.equal(soonest(3, undefined, 2), 2);
  t.end();
});

t.test('several grants allow what one of them allows, for as long as that is so', (t) => {
  const grant = fc
    .record({
      osUsers: fc.uniqueArray(fc.constantFrom(...users)),
      end: fc.option(fc.integer({ min: now - 2, max: now + 4 }), { nil: undefined }),
    })
    .map(({ osUsers, end }) => someGrant({ osUsers, ...(end !== undefined && { expiresAt: end }) }));
  const allowed = (grants: readonly ReturnType<typeof someGrant>[], at: number): string[] | undefined => {
    const good = grants.filter(({ expiresAt = Infinity }) => at < expiresAt);
    if (good.length === 0) return undefined;
    // `*` stands for those that nobody named.
    return [...users, '*'].filter((user) =>
      good.some((one) => one.osUsers.length === 0 || one.osUsers.includes(user)),
    );
  };
  fc.assert(
    fc.property(fc.array(grant), (all) => {
      const grants = all.map((each, at) => ({ ...each, id: String(at) }));
      const union = unionOf(grants, now);
      const expected = allowed(grants, now);
      if (union === undefined || expected === undefined) return union === undefined && expected === undefined;
      const same =
        union.osUsers === 'any'
          ? expected.includes('*')
          : union.osUsers.toSorted().join() === expected.join();
      const changes = [1, 2, 3, 4, 5].find((ms) => allowed(grants, now + ms)?.join() !== expected.join());
      const until = changes === undefined ? undefined : now + changes;
      const longest = Math.max(...grants.map(({ expiresAt = Infinity }) => expiresAt));
      const by = grants.find(({ id }) => id === union.by);
      return same && union.until === until && (by?.expiresAt ?? Infinity) === longest;
    }),
    { numRuns: 1000 },
  );
  t.end();
});
