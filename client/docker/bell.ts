export interface BellTimings {
  /** From a change to the question what is running now: changes come in crowds. */
  readonly settleMs: number;
  /** Between two questions when nothing happens: an engine that is stuck tells no events. */
  readonly relistMs: number;
}

/** Changes that come in crowds, as one: it rings a moment after the first of them, and once in a while without any. */
export class Bell {
  readonly #settleMs: number;
  readonly #idle: NodeJS.Timeout;
  #waiting = Promise.withResolvers<string | undefined>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ settleMs, relistMs }: BellTimings) {
    this.#settleMs = settleMs;
    this.#idle = setInterval(() => this.ring(), relistMs).unref();
  }

  ring(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#waiting.resolve(undefined);
    }, this.#settleMs);
  }

  /** From now on it rings with this reason, and at once. */
  end(reason: string): void {
    clearTimeout(this.#timer);
    clearInterval(this.#idle);
    this.#waiting.resolve(reason);
  }

  /** Settles when it has rung since the last call: with the reason, when that is the end. */
  async rung(): Promise<string | undefined> {
    const reason = await this.#waiting.promise;
    if (reason === undefined) this.#waiting = Promise.withResolvers();
    return reason;
  }
}
