import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How late the event loop comes to its work, in seconds, over the time since it was last asked. */
export interface Delay {
  readonly mean: number;
  readonly p99: number;
  readonly max: number;
}

const resolutionMs = 20;

/** Watches the event loop by a timer of its own until it is closed; the timer does not keep the process alive. */
export class EventLoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs });

  constructor() {
    this.#histogram.enable();
  }

  take(): Delay {
    const { mean, max } = this.#histogram;
    const p99 = this.#histogram.percentile(99);
    this.#histogram.reset();
    return { mean: seconds(mean), p99: seconds(p99), max: seconds(max) };
  }

  close(): void {
    this.#histogram.disable();
  }
}

/** The histogram holds nanoseconds between two beats of its timer: the timer's own period is no delay. Without a beat it is NaN. */
function seconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000) || 0;
}
