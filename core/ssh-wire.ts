/**
 * Reads the data types of RFC 4251, section 5. It never throws: what is missing reads as empty or zero, and `ok` says that
 * something was.
 */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  #ok = true;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** False from the first read that went past the end. */
  get ok(): boolean {
    return this.#ok;
  }

  /** True when all was read, and nothing was missing. */
  get complete(): boolean {
    return this.#ok && this.#at === this.#bytes.length;
  }

  /** Whether there is more to read. */
  get more(): boolean {
    return this.#ok && this.#at < this.#bytes.length;
  }

  /** How many bytes were read. */
  get offset(): number {
    return this.#at;
  }

  byte(): number {
    return this.bytes(1)[0] ?? 0;
  }

  uint32(): number {
    const bytes = this.bytes(4);
    return this.#ok ? bytes.readUInt32BE() : 0;
  }

  uint64(): bigint {
    const bytes = this.bytes(8);
    return this.#ok ? bytes.readBigUInt64BE() : 0n;
  }

  /** A `string`, as the bytes that it is; a view, no copy. */
  string(): Buffer {
    return this.bytes(this.uint32());
  }

  bytes(count: number): Buffer {
    if (this.#ok && count <= this.#bytes.length - this.#at) {
      this.#at += count;
      return this.#bytes.subarray(this.#at - count, this.#at);
    }
    this.#ok = false;
    return Buffer.alloc(0);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text that bytes are in UTF-8; undefined when they are none. */
export function wireText(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** A `string`: four bytes of length before the bytes or the text. */
export function wireString(value: Uint8Array | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([wireUint32(bytes.length), bytes]);
}

export function wireUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function wireUint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
