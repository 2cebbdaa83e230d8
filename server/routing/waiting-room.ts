export interface WaitingRoomOptions {
  readonly maxPerEnv: number;
  readonly maxTotal: number;
}

export interface Wait {
  readonly ms: number;
  readonly signal?: AbortSignal;
  /** Asked at each change of the environment. */
  readonly done: () => boolean;
}

/** Those who wait for a change of an environment, by its name, whether or not there is one: bounded in number and in time. */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  readonly #byEnv = new Map<string, Set<() => void>>();
  #total = 0;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
  }

  get total(): number {
    return this.#total;
  }

  countOf(env: string): number {
    return this.#byEnv.get(env)?.size ?? 0;
  }

  /** Whether one more may wait. */
  hasRoom(env: string): boolean {
    return this.#total < this.#options.maxTotal && this.countOf(env) < this.#options.maxPerEnv;
  }

  /** Something about the environment changed. */
  changed(env: string): void {
    for (const look of [...(this.#byEnv.get(env) ?? [])]) look();
  }

  /** Settles when `done()` holds after a change, when the time is over, or when the signal aborts; never rejects. */
  wait(env: string, { ms, signal, done }: Wait): Promise<void> {
    if (done() || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        leave();
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      const leave = this.#enter(env, () => {
        if (done()) finish();
      });
      signal?.addEventListener('abort', finish);
    });
  }

  #enter(env: string, look: () => void): () => void {
    const waiting = this.#byEnv.get(env) ?? new Set();
    this.#byEnv.set(env, waiting);
    waiting.add(look);
    this.#total += 1;
    return () => {
      if (!waiting.delete(look)) return;
      this.#total -= 1;
      if (waiting.size === 0) this.#byEnv.delete(env);
    };
  }
}
