import { Duplex } from 'node:stream';

/** A byte stream that Node's HTTP client takes for a socket: it can say that no byte came or went for too long. */
export abstract class SocketStream extends Duplex {
  #timeoutMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Milliseconds without a byte either way until 'timeout' is emitted; 0 switches it off. */
  setTimeout(ms: number, callback?: () => void): this {
    this.#timeoutMs = ms;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (callback !== undefined) {
      if (ms === 0) this.removeListener('timeout', callback);
      else this.once('timeout', callback);
    }
    if (ms > 0 && !this.destroyed) {
      this.#timer = setTimeout(() => this.emit('timeout'), ms);
      this.#timer.unref();
    }
    return this;
  }

  get timeout(): number {
    return this.#timeoutMs;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    done(error);
  }

  /** A byte came or went. */
  protected active(): void {
    this.#timer?.refresh();
  }
}
