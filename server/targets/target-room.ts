import { bookLimits, type BookLimits } from './book-changes.ts';
import type { TargetBook } from './target-book.ts';
import type { TargetRecord } from './target-record.ts';

export interface RoomFacts {
  readonly book: Pick<TargetBook, 'targets'>;
  readonly isLive: (targetId: string) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly limits?: Pick<BookLimits, 'targets' | 'targetsPerOwner'>;
}

/** One's own goes sooner than that of others. */
const ownUnseenMs = 86_400_000;
const unseenMs = 30 * 86_400_000;

/**
 * The target that has to be forgotten so that there is room for one more of this owner: the longest unseen of those that reported themselves. Machines
 * come and go with every preview, and nobody removes them by hand. Undefined if there is room, or nothing to forget.
 */
export function targetToForget(owner: string, facts: RoomFacts): TargetRecord | undefined {
  const { targets, targetsPerOwner } = facts.limits ?? bookLimits;
  const all = [...facts.book.targets()];
  const own = all.filter((target) => target.owner === owner);
  if (own.length >= targetsPerOwner) return longestUnseen(own, ownUnseenMs, facts);
  return all.length >= targets ? longestUnseen(all, unseenMs, facts) : undefined;
}

function longestUnseen(
  targets: readonly TargetRecord[],
  forMs: number,
  { isLive, now }: RoomFacts,
): TargetRecord | undefined {
  const gone = targets.filter(
    (target) => target.origin === 'reported' && seenAt(target) < now - forMs && !isLive(target.id),
  );
  return gone.toSorted((a, b) => seenAt(a) - seenAt(b))[0];
}

function seenAt({ lastSeenAt, createdAt }: TargetRecord): number {
  return lastSeenAt ?? createdAt;
}
