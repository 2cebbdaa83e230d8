export interface KeepaliveOptions {
  readonly intervalMs: number;
  /** Unanswered pings, or intervals in which a full socket did not move, after which the peer is lost. */
  readonly misses: number;
  /** Bytes received so far. */
  readonly received: () => number;
  /** For how many calls in a row the socket has been full of unsent bytes and none was taken. */
  readonly stuck: () => number;
  readonly ping: () => void;
  /** Called once. */
  readonly onLost: () => void;
}

/**
 * Watches one connection: a ping each interval, and when nothing arrived for so many of them the peer is
 * lost; so is one that talks but never reads. Any byte counts as a sign of life: a busy slow link is not a
 * dead one. Silence is counted in ticks, not by the clock: a client that was itself stopped for a minute does
 * not blame the gateway. The result stops it.
 */
export function keepAlive(options: KeepaliveOptions): () => void {
  let received = options.received();
  let unanswered = 0;
  const timer = setInterval(() => {
    const now = options.received();
    if (now !== received) unanswered = 0;
    received = now;
    const stuck = options.stuck();
    if (unanswered >= options.misses || stuck > options.misses) {
      clearInterval(timer);
      options.onLost();
      return;
    }
    unanswered += 1;
    options.ping();
  }, options.intervalMs);
  return () => clearInterval(timer);
}
