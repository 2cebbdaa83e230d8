/** Large enough that what comes byte by byte costs little more memory than it has bytes. */
const blockBytes = 16 * 1024;

interface Block {
  readonly bytes: Buffer;
  used: number;
}

/**
 * Received bytes that nobody reads yet, in blocks of its own: a slice of the socket's read buffer would hold on to all of it, and
 * a buffer for each of a million small packets costs a hundred times what they carry.
 */
export class Backlog {
  readonly #blocks: Block[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Takes the buffer over. */
  append(data: Buffer): void {
    this.#length += data.length;
    if (ownsItsMemory(data)) {
      this.#blocks.push({ bytes: data, used: data.length });
      return;
    }
    const last = this.#blocks.at(-1);
    const fitting = last === undefined ? 0 : Math.min(data.length, last.bytes.length - last.used);
    if (last !== undefined && fitting > 0) {
      data.copy(last.bytes, last.used, 0, fitting);
      last.used += fitting;
    }
    if (fitting < data.length) this.#addBlock(data.subarray(fitting));
  }

  /** The oldest bytes, or undefined when there are none. */
  take(): Buffer | undefined {
    const block = this.#blocks.shift();
    if (block === undefined) return undefined;
    this.#length -= block.used;
    return block.bytes.subarray(0, block.used);
  }

  clear(): void {
    this.#blocks.length = 0;
    this.#length = 0;
  }

  #addBlock(data: Buffer): void {
    const bytes = Buffer.allocUnsafeSlow(Math.max(blockBytes, data.length));
    data.copy(bytes);
    this.#blocks.push({ bytes, used: data.length });
  }
}

/** A large piece that holds on to hardly more than itself is kept as it is: copying all of a bulk transfer costs a fifth of its speed. */
function ownsItsMemory(data: Buffer): boolean {
  return data.length >= blockBytes && data.buffer.byteLength - data.length <= data.length / 32;
}
