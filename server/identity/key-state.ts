import { formatTime } from '../../core/moment.ts';
import type { KeyRecord } from './key-record.ts';

/** `unused`: it may log in, and for a long time nobody has used it to. */
export type KeyState = 'active' | 'unused' | 'expired' | 'revoked';

export const keyStates: readonly KeyState[] = ['active', 'unused', 'expired', 'revoked'];

type Spent = Pick<KeyRecord, 'revokedAt' | 'expiresAt'>;

/** Whether it may log in, as far as the gateway's own store goes. */
export function isUsable({ revokedAt, expiresAt = Infinity }: Spent, now: number): boolean {
  return revokedAt === undefined && expiresAt > now;
}

/** How long nobody has used it. A key that was never used is as old as its record. */
export function unusedForMs({ createdAt, lastUsedAt = 0 }: KeyRecord, now: number): number {
  return Math.max(0, now - Math.max(createdAt, lastUsedAt));
}

export function keyState(
  key: KeyRecord,
  { now, unusedAfterMs }: { now: number; unusedAfterMs: number },
): KeyState {
  if (key.revokedAt !== undefined) return 'revoked';
  if (!isUsable(key, now)) return 'expired';
  return unusedForMs(key, now) >= unusedAfterMs ? 'unused' : 'active';
}

/** How many keys are in each state. */
export function countKeyStates(
  keys: Iterable<KeyRecord>,
  moment: { now: number; unusedAfterMs: number },
): Readonly<Record<KeyState, number>> {
  const counts = { active: 0, unused: 0, expired: 0, revoked: 0 };
  for (const key of keys) counts[keyState(key, moment)] += 1;
  return counts;
}

/** Told to whoever offers a key that has expired. */
export function expiryReason(expiresAt: number): string {
  return `this key expired at ${formatTime(expiresAt)}`;
}
