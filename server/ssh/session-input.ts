import type { ServerChannel } from 'ssh2';
import { problem, type Parsed } from '../../core/parsed.ts';

export interface SessionInputOptions {
  /** Ctrl-D ends the input there, and Ctrl-C. */
  readonly terminal: boolean;
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
}

const endOfText = 0x03;
const endOfTransmission = 0x04;

/**
 * What a session sends to a command, up to its end. It takes what comes from the first moment, and keeps a bounded part of it: ssh2 does
 * not hold the peer to the window of a session.
 */
export class SessionInput {
  readonly #terminal: boolean;
  readonly #maxBytes: number;
  readonly #timeoutMs: number;
  readonly #ended: Promise<void>;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #whole = false;

  constructor(channel: ServerChannel, options: SessionInputOptions) {
    this.#terminal = options.terminal;
    this.#maxBytes = options.maxBytes ?? 64 * 1024;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#ended = new Promise((resolve) => {
      channel.on('data', (data: Buffer) => {
        if (this.#take(data)) resolve();
      });
      channel.once('end', () => {
        this.#whole = true;
        resolve();
      });
      channel.once('close', resolve);
    });
  }

  /** The whole of it as text, once. A problem when it is too much, does not end in time, or ends with the session. */
  async read(): Promise<Parsed<string>> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#timeoutMs);
    });
    await Promise.race([this.#ended, late]);
    clearTimeout(timer);
    const data = Buffer.concat(this.#chunks);
    this.#chunks = [];
    if (this.#bytes > this.#maxBytes) return problem('there is far more on standard input than a public key');
    if (!this.#whole)
      return problem('standard input did not end in time: give the key by ... < id_ed25519.pub');
    return { ok: true, value: textOf(data) };
  }

  /** Whether that was all. */
  #take(data: Buffer): boolean {
    const end = this.#terminal
      ? data.findIndex((byte) => byte === endOfText || byte === endOfTransmission)
      : -1;
    const part = end === -1 ? data : data.subarray(0, end);
    this.#whole ||= end !== -1;
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) this.#chunks = [];
    else this.#chunks.push(part);
    return this.#whole || this.#bytes > this.#maxBytes;
  }
}

/** What is not UTF-8, such as the bytes of a key, byte by byte: the parser says what it is. */
function textOf(data: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    return data.toString('latin1');
  }
}
