import { setImmediate as nextTurn } from 'node:timers/promises';

export interface BatchWriterOptions<V> {
  /** Writes all of them or none. */
  readonly write: (batch: readonly (readonly [key: string, value: V])[]) => Promise<void>;
  /** How long what is put waits for more. */
  readonly intervalMs: number;
  /** Entries that are written in one turn of the event loop. */
  readonly maxBatch: number;
  /** Entries that wait at most; the oldest are given up. */
  readonly maxPending: number;
  /** The first of failures that follow each other. */
  readonly onFailing: (error: unknown) => void;
  /** The first success after failures. */
  readonly onWorking: () => void;
}

const maxRetryMs = 30_000;

/** What is to be written, the newest value for each key, until it is: in small batches, a little later, again after a failure. */
export class BatchWriter<V> {
  readonly #options: BatchWriterOptions<V>;
  #pending = new Map<string, V>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #failures = 0;
  #stopped = false;

  constructor(options: BatchWriterOptions<V>) {
    this.#options = options;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Cheap, and never throws. */
  put(key: string, value: V): void {
    if (this.#stopped) return;
    this.#pending.delete(key);
    this.#pending.set(key, value);
    this.#bound();
    this.#schedule();
  }

  /** Settles when everything is written that was put before, or could not be written just now; never rejects. */
  async flush(): Promise<void> {
    await this.#writing;
    await this.#write();
  }

  /** Takes nothing more; what was put before is written once more by the `flush()` that this is. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.flush();
    clearTimeout(this.#timer);
    this.#pending.clear();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#writing !== undefined) return;
    const { intervalMs } = this.#options;
    const delayMs =
      this.#failures === 0 ? intervalMs : Math.min(intervalMs * 2 ** this.#failures, maxRetryMs);
    const timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#write();
    }, delayMs);
    this.#timer = timer.unref();
  }

  async #write(): Promise<void> {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
      if (this.#pending.size > 0 && !this.#stopped) this.#schedule();
    });
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#pending.size > 0) {
      if (!(await this.#writeBatch(this.#takeBatch()))) return;
      if (this.#pending.size > 0) await nextTurn();
    }
  }

  #takeBatch(): (readonly [string, V])[] {
    const batch: (readonly [string, V])[] = [];
    for (const entry of this.#pending) {
      if (batch.length === this.#options.maxBatch) break;
      batch.push(entry);
    }
    for (const [key] of batch) this.#pending.delete(key);
    return batch;
  }

  async #writeBatch(batch: readonly (readonly [string, V])[]): Promise<boolean> {
    try {
      await this.#options.write(batch);
    } catch (error) {
      this.#putBack(batch);
      this.#failures += 1;
      if (this.#failures === 1) this.#options.onFailing(error);
      return false;
    }
    if (this.#failures > 0) this.#options.onWorking();
    this.#failures = 0;
    return true;
  }

  /** Before all that was put meanwhile, which is newer. */
  #putBack(batch: readonly (readonly [string, V])[]): void {
    this.#pending = new Map([...batch, ...this.#pending]);
    this.#bound();
  }

  #bound(): void {
    while (this.#pending.size > this.#options.maxPending) {
      const [oldest] = this.#pending.keys();
      if (oldest === undefined) return;
      this.#pending.delete(oldest);
    }
  }
}
