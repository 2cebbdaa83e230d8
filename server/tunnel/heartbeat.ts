/** A connection whose life the heartbeat watches. */
export interface HeartbeatPeer {
  /** True when anything arrived since the last call. */
  heard(): boolean;
  /** Sends a request that the peer must answer. */
  ping(): void;
  /** No sign of life within the bound. Called once. */
  lost(): void;
}

interface Watch {
  readonly peer: HeartbeatPeer;
  silentMs: number;
  pings: number;
}

/**
 * The keepalive of all connections, on one timer: after each `intervalMs` of silence a ping, and after `misses` of them without
 * a sign of life the peer is lost. Silence is counted in ticks, not by the clock: a gateway that was itself stopped
 * for a minute does not blame its peers for it.
 */
export class Heartbeat {
  readonly #intervalMs: number;
  readonly #misses: number;
  readonly #tickMs: number;
  readonly #watches = new Set<Watch>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: { intervalMs: number; misses: number }) {
    this.#intervalMs = options.intervalMs;
    this.#misses = options.misses;
    this.#tickMs = Math.max(1, Math.round(options.intervalMs / 5));
  }

  /** Starts watching; the result stops it. */
  watch(peer: HeartbeatPeer): () => void {
    const watch: Watch = { peer, silentMs: 0, pings: 0 };
    this.#watches.add(watch);
    this.#timer ??= setInterval(() => {
      this.#tick();
    }, this.#tickMs).unref();
    return () => {
      this.#watches.delete(watch);
      if (this.#watches.size === 0) this.close();
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    for (const watch of this.#watches) this.#check(watch);
  }

  #check(watch: Watch): void {
    if (watch.peer.heard()) {
      watch.silentMs = 0;
      watch.pings = 0;
      return;
    }
    watch.silentMs += this.#tickMs;
    if (watch.silentMs > this.#intervalMs * this.#misses) {
      this.#watches.delete(watch);
      watch.peer.lost();
    } else if (watch.silentMs >= this.#intervalMs * (watch.pings + 1)) {
      watch.pings += 1;
      watch.peer.ping();
    }
  }
}
