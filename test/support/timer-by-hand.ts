/** The timer that `act` sets, which only the test moves. */
export function withTimerByHand(act: () => unknown): { fire: () => void; readonly refreshed: number } {
  const real = globalThis.setTimeout;
  const timer = {
    fire: (): void => undefined,
    refreshed: 0,
    unref: () => timer,
    refresh: () => (timer.refreshed += 1),
  };
  globalThis.setTimeout = ((callback: () => void) => {
    timer.fire = callback;
    return timer;
  }) as unknown as typeof real;
  try {
    act();
  } finally {
    globalThis.setTimeout = real;
  }
  return timer;
}
