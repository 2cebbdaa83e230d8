/** The two clocks: one that only goes forward, for every decision, and the wall's, for what is shown. */
export interface Clock {
  /** Milliseconds since some moment. */
  monotonic(): number;
  /** Milliseconds since the epoch; may jump. */
  wall(): number;
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
};
