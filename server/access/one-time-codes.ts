import { createHash, randomBytes } from 'node:crypto';

export interface OneTimeCodesOptions<T> {
  readonly ttlMs: number;
  /** Codes that are good at once; the oldest goes first. */
  readonly max: number;
  /** Whose the value is; nobody's codes take the place of another's before their own. */
  readonly holderOf?: (value: T) => string;
  readonly maxPerHolder?: number;
  /** Milliseconds of a clock that nobody sets. */
  readonly now?: () => number;
}

interface Issued<T> {
  readonly value: T;
  readonly holder: string;
  readonly goodUntil: number;
}

const codeBytes = 32;
/** Longer texts are none. */
const maxCodeLength = 64;
const defaults = { holderOf: () => '', maxPerHolder: Infinity, now: () => performance.now() };

/** Codes of 256 random bits that stand for something, once each and for a short time. They are kept as hashes only. */
export class OneTimeCodes<T> {
  readonly #options: Required<OneTimeCodesOptions<T>>;
  /** By hash, the oldest first. */
  readonly #issued = new Map<string, Issued<T>>();
  /** The hashes of each holder, the oldest first. */
  readonly #held = new Map<string, Set<string>>();

  constructor(options: OneTimeCodesOptions<T>) {
    this.#options = { ...defaults, ...options };
  }

  get size(): number {
    return this.#issued.size;
  }

  /** 43 characters of base64url. */
  issue(value: T): string {
    const { ttlMs, now, holderOf } = this.#options;
    this.#dropExpired();
    const holder = holderOf(value);
    this.#makeRoom(holder);
    const code = randomBytes(codeBytes).toString('base64url');
    const hash = hashOf(code);
    this.#issued.set(hash, { value, holder, goodUntil: now() + ttlMs });
    this.#held.set(holder, (this.#held.get(holder) ?? new Set()).add(hash));
    return code;
  }

  /** What the code stands for, without spending it. */
  peek(code: string): T | undefined {
    const issued = this.#issued.get(hashOf(code));
    return issued !== undefined && issued.goodUntil > this.#options.now() ? issued.value : undefined;
  }

  /** What the code stands for: only the first who asks gets it. */
  take(code: string): T | undefined {
    const hash = hashOf(code);
    const issued = this.#issued.get(hash);
    if (issued === undefined) return undefined;
    this.#drop(hash, issued);
    return issued.goodUntil > this.#options.now() ? issued.value : undefined;
  }

  #makeRoom(holder: string): void {
    const own = this.#held.get(holder);
    const { max, maxPerHolder } = this.#options;
    if (own !== undefined && own.size >= maxPerHolder) this.#dropFirst(own);
    if (this.#issued.size >= max) this.#dropFirst(this.#issued.keys());
  }

  #dropFirst(hashes: Iterable<string>): void {
    const [hash = ''] = hashes;
    const issued = this.#issued.get(hash);
    if (issued !== undefined) this.#drop(hash, issued);
  }

  /** They all live equally long, so that the oldest end first. */
  #dropExpired(): void {
    const now = this.#options.now();
    for (const [hash, issued] of this.#issued) {
      if (issued.goodUntil > now) return;
      this.#drop(hash, issued);
    }
  }

  #drop(hash: string, { holder }: Issued<T>): void {
    this.#issued.delete(hash);
    const own = this.#held.get(holder);
    own?.delete(hash);
    if (own?.size === 0) this.#held.delete(holder);
  }
}

/** How long a look-up takes tells something of the hash, and nothing of the code. */
function hashOf(code: string): string {
  return createHash('sha256')
    .update(code.slice(0, maxCodeLength + 1))
    .digest('base64');
}
