const alpnExtension = 16;
const recordHeaderBytes = 5;
const handshakeHeaderBytes = 4;
const versionAndRandomBytes = 34;

/** Reads lengths and what they announce, and is over as soon as one reaches beyond the end. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  skip(length: number): void {
    this.#at += length;
  }

  number(size: 1 | 2): number | undefined {
    if (this.#at + size > this.#bytes.length) return undefined;
    const value = this.#bytes.readUIntBE(this.#at, size);
    this.#at += size;
    return value;
  }

  /** What follows its own length. */
  vector(lengthSize: 1 | 2): Buffer | undefined {
    const length = this.number(lengthSize);
    if (length === undefined || this.#at + length > this.#bytes.length) return undefined;
    const value = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return value;
  }
}

/**
 * The protocols that a TLS ClientHello offers by ALPN (RFC 8446, 4.1.2; RFC 7301, 3.1), as far as its first record is there whole; undefined
 * when that cannot be told. It is only looked at: TLS itself decides.
 */
export function offeredProtocols(bytes: Buffer): readonly string[] | undefined {
  const hello = new Reader(bytes);
  hello.skip(recordHeaderBytes + handshakeHeaderBytes + versionAndRandomBytes);
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  const extensions = hello.vector(2);
  return extensions && protocolsIn(new Reader(extensions));
}

function protocolsIn(extensions: Reader): readonly string[] | undefined {
  while (!extensions.done) {
    const type = extensions.number(2);
    const value = extensions.vector(2);
    if (type === undefined || value === undefined) return undefined;
    if (type === alpnExtension) return names(new Reader(new Reader(value).vector(2) ?? Buffer.alloc(0)));
  }
  return [];
}

function names(list: Reader): readonly string[] | undefined {
  const found: string[] = [];
  while (!list.done) {
    const name = list.vector(1);
    if (name === undefined) return undefined;
    found.push(name.toString('latin1'));
  }
  return found;
}
