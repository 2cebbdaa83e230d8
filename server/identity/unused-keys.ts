import { PortholeError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { formatDuration } from '../../core/units.ts';
import type { KeyRecord, Keys } from './key-record.ts';
import { isUsable, unusedForMs } from './key-state.ts';

export interface UnusedKeysOptions {
  readonly keys: Keys;
  readonly log: Log;
  readonly unusedAfterMs: number;
  /** Undefined: none is disabled. */
  readonly disableAfterMs: number | undefined;
  /** The keys that speak for whoever is connected now. */
  readonly inUse: () => Iterable<{ readonly fingerprint: string; readonly address: string }>;
  readonly intervalMs?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Milliseconds, by a clock that nobody sets. */
  readonly monotonic?: () => number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const defaults = { intervalMs: hourMs, now: Date.now, monotonic: () => performance.now() };

/** A clock that was set by more than this is not believed until the next look. */
const maxDriftMs = 600_000;
/** Names that one log line tells. */
const maxTold = 20;

/**
 * Reports the keys that nobody has used for long, once a day, and disables them if that is wanted. It does nothing at the start: by the first
 * look those who are to dial in have done so, and a clock that was wrong is right.
 */
export class UnusedKeys {
  readonly #options: Required<UnusedKeysOptions>;
  readonly #timer: NodeJS.Timeout;
  #offsetMs: number;
  #reportedAt = -Infinity;
  #looking: Promise<void> | undefined;

  constructor(options: UnusedKeysOptions) {
    this.#options = { ...defaults, ...options };
    this.#offsetMs = this.#currentOffsetMs();
    this.#timer = setInterval(() => void this.look(), this.#options.intervalMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { inUse, keys, now } = this.#options;
    for (const { fingerprint, address } of inUse()) keys.used(fingerprint, { at: now(), address });
    if (this.#clockWasSet()) return;
    this.#report();
    await this.#disable();
  }

  #clockWasSet(): boolean {
    const offsetMs = this.#currentOffsetMs();
    const driftMs = Math.abs(offsetMs - this.#offsetMs);
    this.#offsetMs = offsetMs;
    return driftMs > maxDriftMs;
  }

  #currentOffsetMs(): number {
    return this.#options.now() - this.#options.monotonic();
  }

  #report(): void {
    const { unusedAfterMs, monotonic, log } = this.#options;
    if (monotonic() - this.#reportedAt < dayMs) return;
    this.#reportedAt = monotonic();
    const unused = this.#unusedFor(unusedAfterMs);
    if (unused.length === 0) return;
    log.warn(
      {
        count: unused.length,
        keys: unused.slice(0, maxTold).map(nameOf),
        unusedFor: formatDuration(unusedAfterMs),
      },
      'keys that nobody has used for long',
    );
  }

  async #disable(): Promise<void> {
    const { disableAfterMs } = this.#options;
    if (disableAfterMs === undefined) return;
    for (const key of this.#unusedFor(disableAfterMs)) if (!(await this.#disableOne(key))) return;
  }

  /** Whether it makes sense to go on with the next one. */
  async #disableOne(key: KeyRecord): Promise<boolean> {
    const { keys, log, now } = this.#options;
    const at = now();
    const days = Math.floor(unusedForMs(key, at) / dayMs);
    const reason = `unused for ${String(days)} days`;
    const { fingerprint } = key;
    try {
      await keys.change([{ kind: 'revoke', fingerprint, reason, at }], {
        ...{ at, fingerprint, action: 'key.disabled', target: nameOf(key), result: 'ok' },
        detail: { reason },
      });
      log.warn({ key: nameOf(key), fingerprint, reason }, 'key disabled');
      return true;
    } catch (err) {
      // The last key of an admin stays.
      if (err instanceof PortholeError && err.code === 'ERR_CONFLICT') return true;
      log.debug({ err }, 'unused keys are not disabled now');
      return false;
    }
  }

  #unusedFor(ms: number): KeyRecord[] {
    const now = this.#options.now();
    return [...this.#options.keys.all()].filter((key) => isUsable(key, now) && unusedForMs(key, now) >= ms);
  }
}

function nameOf({ principal, name }: KeyRecord): string {
  return `${principal}/${name}`;
}
