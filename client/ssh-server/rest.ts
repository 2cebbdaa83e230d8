import { maxTimerMs } from '../../core/lifecycle.ts';

/** Pauses that may be cut short, all of them at once or each by its own end. */
export class Rest {
  readonly #sleepers = new Set<() => void>();

  /** Settles after the time, when it is woken, or when the signal aborts. Holds no process. */
  for(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(ms, maxTimerMs)).unref();
      if (signal.aborted) {
        wake();
        return;
      }
      this.#sleepers.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  wake(): void {
    for (const wake of [...this.#sleepers]) wake();
  }
}
