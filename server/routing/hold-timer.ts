import type { Clock } from './clock.ts';

/** Something that is held for a time, and then no longer. */
export interface Held {
  /** Monotonic milliseconds. */
  readonly heldUntilMs: number;
  settle(): void;
}

/** After a restart of the gateway all that was online may be due at once: others get their turn in between. */
const maxPerSweep = 500;
const minGapMs = 20;
const maxDelayMs = 2 ** 30;

/** Settles what is held soon after its time is over, so that it is told without anybody asking. It keeps no process alive. */
export class HoldTimer {
  readonly #clock: Clock;
  readonly #held = new Set<Held>();
  #timer: NodeJS.Timeout | undefined;
  #armedForMs = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  watch(held: Held): void {
    this.#held.add(held);
    this.#arm(held.heldUntilMs);
  }

  forget(held: Held): void {
    this.#held.delete(held);
  }

  #arm(atMs: number): void {
    if (atMs >= this.#armedForMs) return;
    clearTimeout(this.#timer);
    this.#armedForMs = atMs;
    const delayMs = Math.ceil(atMs - this.#clock.monotonic());
    this.#timer = setTimeout(() => this.#sweep(), Math.min(maxDelayMs, Math.max(minGapMs, delayMs)));
    this.#timer.unref();
  }

  #sweep(): void {
    this.#armedForMs = Infinity;
    const nowMs = this.#clock.monotonic();
    const due = [...this.#held].filter((held) => held.heldUntilMs <= nowMs);
    for (const held of due.slice(0, maxPerSweep)) {
      this.#held.delete(held);
      held.settle();
    }
    let nextMs = Infinity;
    for (const held of this.#held) nextMs = Math.min(nextMs, held.heldUntilMs);
    this.#arm(nextMs);
  }
}
