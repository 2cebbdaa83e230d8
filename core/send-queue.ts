import type { Duplex } from 'node:stream';

/** Unsent bytes above which channels stop writing. */
const fullBytes = 1024 * 1024;
/** Unsent bytes above which the connection is cut: only a peer that floods us with requests and reads no answer gets there. */
const overflowBytes = 16 * 1024 * 1024;

/**
 * What waits in the socket of an SSH connection to be sent. ssh2 itself does not look at it.
 */
export class SendQueue {
  readonly #socket: Duplex;
  #progress = 0;
  #stuckFor = 0;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  get bytes(): number {
    return this.#socket.writableLength;
  }

  get full(): boolean {
    return this.bytes > fullBytes;
  }

  get overflowing(): boolean {
    return this.bytes > overflowBytes;
  }

  /** For how many calls in a row it has been full and nothing of it was sent. Called once a tick. */
  stuckTicks(): number {
    const progress = progressOf(this.#socket);
    this.#stuckFor = this.full && progress <= this.#progress ? this.#stuckFor + 1 : 0;
    this.#progress = progress;
    return this.#stuckFor;
  }
}

/** Node's own end of a socket: `_parent` is the TCP connection below TLS. */
interface Handle {
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
  readonly _parent?: Handle;
}

/**
 * A number that grows when something was sent. `writableLength` alone does not show the progress of a slow peer: Node hands over all that
 * waits in one write, and counts it as sent when its last byte is.
 */
function progressOf(socket: Duplex): number {
  const { _handle: handle } = socket as { _handle?: Handle | null };
  const { bytesWritten, writeQueueSize } = handle?._parent ?? handle ?? {};
  const isKnown = bytesWritten !== undefined && writeQueueSize !== undefined;
  return isKnown ? bytesWritten - writeQueueSize : -socket.writableLength;
}
