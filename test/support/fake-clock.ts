import type { Clock } from '../../server/routing/clock.ts';

/** Two clocks that stand still until they are told; the wall's may be set to anything. */
export class FakeClock implements Clock {
  monotonicMs = 5_000_000;
  wallMs = Date.UTC(2030, 0, 1);

  monotonic(): number {
    return this.monotonicMs;
  }

  wall(): number {
    return this.wallMs;
  }

  advance(ms: number): void {
    this.monotonicMs += ms;
    this.wallMs += ms;
  }
}
