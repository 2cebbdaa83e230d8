import type { TargetPresence } from './presence.ts';
import type { TargetBook } from './target-book.ts';

export interface TargetUpkeepOptions {
  readonly book: Pick<TargetBook, 'seen'> & {
    /** Forgets what is long over; never rejects. */
    purge(): Promise<void>;
  };
  readonly presence: Pick<TargetPresence, 'live' | 'onChange'>;
  readonly intervalMs?: number;
  readonly purgeMs?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** When this process ends without a word, it is known this exactly when a machine was last seen. */
const usualIntervalMs = 30_000;
const usualPurgeMs = 3_600_000;

/** Notes when machines were last seen: now and then while they are live, and when they go. Has forgotten what is long over. */
export class TargetUpkeep {
  readonly #options: Required<TargetUpkeepOptions>;
  readonly #timers: NodeJS.Timeout[] = [];
  #live: ReadonlySet<string> = new Set();

  constructor(options: TargetUpkeepOptions) {
    this.#options = { intervalMs: usualIntervalMs, purgeMs: usualPurgeMs, now: Date.now, ...options };
    options.presence.onChange(() => {
      this.#noteGone();
    });
  }

  start(): void {
    if (this.#timers.length > 0) return;
    const { book, intervalMs, purgeMs } = this.#options;
    this.#timers.push(
      setInterval(() => {
        this.#note(this.#live);
      }, intervalMs).unref(),
      setInterval(() => void book.purge(), purgeMs).unref(),
    );
    void book.purge();
  }

  stop(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
  }

  #noteGone(): void {
    const before = this.#live;
    this.#live = new Set(this.#options.presence.live());
    this.#note([...before].filter((id) => !this.#live.has(id)));
  }

  #note(targets: Iterable<string>): void {
    const at = this.#options.now();
    for (const id of targets) this.#options.book.seen(id, at);
  }
}
