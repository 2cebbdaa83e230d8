import type { RequestHead } from './request-head.ts';

export interface HeldBytesLimits {
  readonly maxBytesPerEnv: number;
  readonly maxBytesTotal: number;
}

/** What Node reads ahead of a body that nobody takes: its own buffer and one read of the socket. */
const http1BodyBytes = 128 * 1024;
/** The window of a stream. */
const http2BodyBytes = 256 * 1024;
/** The objects that stand for a request. */
const requestBytes = 4096;

/** The most that a request keeps in memory while it is held: its head, and what of its body may arrive meanwhile. */
export function mayKeep(head: RequestHead): number {
  return requestBytes + headBytes(head) + bodyBytes(head);
}

function headBytes({ path, passed }: RequestHead): number {
  return passed.reduce((sum, text) => sum + text.length, path.length);
}

function bodyBytes({ version, body, contentLength, upgrade }: RequestHead): number {
  if (upgrade !== undefined) return http1BodyBytes;
  if (body === 'none') return 0;
  const most = version === '2' ? http2BodyBytes : http1BodyBytes;
  return contentLength === undefined ? most : Math.min(most, Number(contentLength));
}

/** Counts what held requests may keep, for each environment and in all, against the limits. Keeps nothing of one without. */
export class HeldBytes {
  readonly #limits: HeldBytesLimits;
  readonly #byEnv = new Map<string, number>();
  #total = 0;

  constructor(limits: HeldBytesLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** False if there is no room; else `leave` must follow, once. */
  enter(env: string, bytes: number): boolean {
    const { maxBytesPerEnv, maxBytesTotal } = this.#limits;
    const ofEnv = (this.#byEnv.get(env) ?? 0) + bytes;
    if (ofEnv > maxBytesPerEnv || this.#total + bytes > maxBytesTotal) return false;
    this.#byEnv.set(env, ofEnv);
    this.#total += bytes;
    return true;
  }

  leave(env: string, bytes: number): void {
    const left = (this.#byEnv.get(env) ?? 0) - bytes;
    if (left > 0) this.#byEnv.set(env, left);
    else this.#byEnv.delete(env);
    this.#total -= bytes;
  }
}
