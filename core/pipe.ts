import type { Duplex } from 'node:stream';
import { abort } from './abort.ts';

/** How two piped streams ended. */
export interface PipeResult {
  /** Bytes that were read from the first and written to the second. */
  readonly aToB: number;
  readonly bToA: number;
  /** `ended`: both sides were read to their end. Otherwise the side that broke off, and took the other with it. */
  readonly reason: 'ended' | 'a-closed' | 'b-closed' | 'a-failed' | 'b-failed';
  /** The error of a side that failed. */
  readonly error: Error | undefined;
}

/**
 * Two byte streams joined both ways until both have ended, or one breaks off. The end of one side ends only the other's
 * writing half; memory is bounded by the streams' own marks; a truncated stream is never ended cleanly. Both streams
 * belong to the pipe from here on, and are destroyed when it settles. Never rejects.
 */
export function pipeBoth(a: Duplex, b: Duplex): Promise<PipeResult> {
  return new Promise((resolve) => {
    new BothWays(a, b, resolve).start();
  });
}

/** An ssh2 channel of the server's side, whose `end()` sends EOF and at once CLOSE, which loses the peer's answer. */
interface EofChannel extends Duplex {
  eof(): void;
}

/** One direction: its source is read to the end, and its destination told so. */
class Flow {
  readonly source: Duplex;
  readonly sink: Duplex;
  bytes = 0;
  sourceEnded = false;
  /** Its destination is being told of the end: all that came is on its way. */
  ending = false;
  done = false;
  /** From here on, what still comes is dropped. */
  stopped = false;

  constructor(source: Duplex, sink: Duplex) {
    this.source = source;
    this.sink = sink;
  }

  start(onDone: () => void): void {
    this.source.on('data', (chunk: Buffer | string) => {
      this.#pass(chunk);
    });
    this.sink.on('drain', () => {
      this.source.resume();
    });
    this.source.on('end', () => {
      this.#ended(onDone);
    });
    if (this.source.readableEnded) this.#ended(onDone);
    else this.source.resume();
  }

  #pass(chunk: Buffer | string): void {
    if (this.stopped) return;
    this.bytes += Buffer.byteLength(chunk);
    if (!this.sink.write(chunk)) this.source.pause();
  }

  /** Waits a moment: an ssh2 channel that is closed without EOF says `end`, and then at once `close`. */
  #ended(onDone: () => void): void {
    if (this.sourceEnded) return;
    this.sourceEnded = true;
    process.nextTick(() => {
      if (this.stopped) return;
      this.ending = true;
      endWriting(this.sink, () => {
        this.done = true;
        onDone();
      });
    });
  }
}

class BothWays {
  readonly #a: Duplex;
  readonly #b: Duplex;
  readonly #aToB: Flow;
  readonly #bToA: Flow;
  readonly #resolve: (result: PipeResult) => void;
  #settled = false;

  constructor(a: Duplex, b: Duplex, resolve: (result: PipeResult) => void) {
    this.#a = a;
    this.#b = b;
    this.#aToB = new Flow(a, b);
    this.#bToA = new Flow(b, a);
    this.#resolve = resolve;
  }

  start(): void {
    this.#watch(this.#a, 'a');
    this.#watch(this.#b, 'b');
    if (this.#a.destroyed || this.#b.destroyed) {
      this.#settle(this.#a.destroyed ? 'a-closed' : 'b-closed');
      return;
    }
    for (const flow of [this.#aToB, this.#bToA]) {
      flow.start(() => {
        if (this.#aToB.done && this.#bToA.done) this.#settle('ended');
      });
    }
  }

  #watch(stream: Duplex, side: 'a' | 'b'): void {
    const [reading, writing] = side === 'a' ? [this.#aToB, this.#bToA] : [this.#bToA, this.#aToB];
    const isThrough = (): boolean => reading.sourceEnded && writing.done;
    // Stays after the pipe has settled: a destroyed socket may still fail.
    stream.on('error', (error: Error) => {
      if (!isThrough()) this.#settle(`${side}-failed`, error);
    });
    stream.on('close', () => {
      if (isThrough()) return;
      if (reading.ending && !reading.done) this.#settleWhenWritten(`${side}-closed`, { reading, writing });
      else this.#settle(`${side}-closed`);
    });
  }

  /** A side that closed after its end takes no answer any more; what it has said still arrives. */
  #settleWhenWritten(
    reason: PipeResult['reason'],
    { reading, writing }: Record<'reading' | 'writing', Flow>,
  ): void {
    const { sink } = reading;
    writing.stopped = true;
    sink.resume();
    sink.once('finish', () => {
      // Not a reset: that would take back what is still on its way.
      sink.destroy();
      this.#settle(reason);
    });
  }

  #settle(reason: PipeResult['reason'], error?: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#aToB.stopped = true;
    this.#bToA.stopped = true;
    for (const stream of [this.#a, this.#b]) {
      if (reason === 'ended') stream.destroy();
      else breakOff(stream);
    }
    this.#resolve({ aToB: this.#aToB.bytes, bToA: this.#bToA.bytes, reason, error });
  }
}

function endWriting(sink: Duplex, onEnded: () => void): void {
  if (isServerChannel(sink)) {
    // An empty write calls back after all that is waiting for the window.
    sink.write(Buffer.alloc(0), () => {
      sink.eof();
      onEnded();
    });
    return;
  }
  if (sink.writableFinished) onEnded();
  else sink.once('finish', onEnded).end();
}

function isServerChannel(stream: Duplex): stream is EofChannel {
  return 'eof' in stream && typeof stream.eof === 'function' && 'server' in stream && stream.server === true;
}

/** An ssh2 channel closes only when it was read to its end. */
function breakOff(stream: Duplex): void {
  stream.resume();
  abort(stream);
}
