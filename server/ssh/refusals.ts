import type { ErrorCode } from '../../core/errors.ts';
import { forwardKey, type ForwardRequest } from '../../core/forward.ts';

/** A forward that was refused, and why, in words for its user. */
export interface Refusal {
  readonly request: ForwardRequest;
  readonly reason: string;
  /** Where it is one that programs should know. */
  readonly code?: ErrorCode | undefined;
}

const maxUsers = 1000;
const maxPerUser = 8;
const forgetAfterMs = 10 * 60_000;

/**
 * The last refusals of each user. OpenSSH shows no reason for a refused forward, so a client without a session learns it from the banner of
 * its next attempt. Bounded: the longest unchanged user is forgotten first.
 */
export class Refusals {
  readonly #users = new Map<string, { at: number; refusals: Refusal[] }>();

  add(user: string, refusal: Refusal): void {
    const known = this.#users.get(user)?.refusals ?? [];
    const key = forwardKey(refusal.request);
    const others = known.filter((other) => forwardKey(other.request) !== key);
    this.#users.delete(user);
    this.#users.set(user, { at: Date.now(), refusals: [...others, refusal].slice(-maxPerUser) });
    const [oldest] = this.#users.keys();
    if (this.#users.size > maxUsers && oldest !== undefined) this.#users.delete(oldest);
  }

  /** Told once: what was taken is not told again. */
  take(user: string): readonly Refusal[] {
    const entry = this.#users.get(user);
    this.#users.delete(user);
    return entry === undefined || Date.now() - entry.at > forgetAfterMs ? [] : entry.refusals;
  }
}

/** `-R web:80`, as the user wrote it, cleaned of control characters. */
export function describeRequest(request: ForwardRequest): string {
  return `-R ${printable(forwardKey(request))}`;
}

/** Text from outside, made safe for a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?').slice(0, 512);
}
