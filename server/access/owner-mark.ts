import { createHmac } from 'node:crypto';

/** That an environment belongs to somebody, since it passed to them. */
export interface Owned {
  readonly env: string;
  /** The principal. */
  readonly owner: string;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
}

const markLength = 22;

/**
 * A name for one owner's time with an environment: what a browser shows in it was put there in that time. Nobody can tell it in advance, the
 * owner before least of all, nor read the principal out of it.
 */
export function ownerMark(key: Uint8Array, { env, owner, sinceMs }: Owned): string {
  const mac = createHmac('sha256', key).update(`porthole-owner ${env} ${String(sinceMs)} ${owner}`);
  return mac.digest('base64url').slice(0, markLength);
}
