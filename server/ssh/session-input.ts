import type { ServerChannel } from 'ssh2';
import { problem, type Parsed } from '../../core/parsed.ts';

/** All of it is a public key, or several; or its first line is a secret. */
export type InputKind = 'public-key' | 'host-keys' | 'secret';

export interface SessionInputOptions {
  /** Ctrl-D ends the input there, and Ctrl-C. */
  readonly terminal: boolean;
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
}

const endOfText = 0x03;
const endOfTransmission = 0x04;

const lineEnd = /[\r\n]/;

const words: Readonly<Record<InputKind, { readonly tooMuch: string; readonly late: string }>> = {
  'public-key': {
    tooMuch: 'there is far more on standard input than a public key',
    late: 'standard input did not end in time: give the key by ... < id_ed25519.pub',
  },
  'host-keys': {
    tooMuch: 'there is far more on standard input than the host keys of one machine',
    late: 'standard input did not end in time: give the host keys by cat /etc/ssh/ssh_host_*_key.pub | ...',
  },
  secret: {
    tooMuch: 'there is far more on standard input than a password',
    late: 'no line came on standard input in time: give the password by ... < FILE, or type it at ssh -t',
  },
};

/**
 * What a session sends to a command, up to its end. It takes what comes from the first moment, and keeps a bounded part of it: ssh2 does
 * not hold the peer to the window of a session.
 */
export class SessionInput {
  readonly #terminal: boolean;
  readonly #maxBytes: number;
  readonly #timeoutMs: number;
  readonly #ended: Promise<void>;
  readonly #hasLine: Promise<void>;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #whole = false;
  #givenUp = false;

  constructor(channel: ServerChannel, options: SessionInputOptions) {
    this.#terminal = options.terminal;
    this.#maxBytes = options.maxBytes ?? 64 * 1024;
    this.#timeoutMs = options.timeoutMs ?? (options.terminal ? 120_000 : 30_000);
    const line = Promise.withResolvers<undefined>();
    this.#hasLine = line.promise;
    this.#ended = new Promise((resolve) => {
      channel.on('data', (data: Buffer) => {
        if (this.#take(data)) resolve();
        if (lineEnd.test(data.toString('latin1'))) line.resolve(undefined);
      });
      channel.once('end', () => {
        this.#whole = true;
        resolve();
      });
      channel.once('close', resolve);
    });
  }

  /**
   * All of it as text, or its first line; once. A problem when it is too much, does not end in time, ends with the session, or was given up at a
   * terminal.
   */
  async read(wanted: InputKind): Promise<Parsed<string>> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#timeoutMs);
    });
    await Promise.race([this.#ended, late, ...(wanted === 'secret' ? [this.#hasLine] : [])]);
    clearTimeout(timer);
    const data = Buffer.concat(this.#chunks);
    this.#chunks = [];
    if (this.#bytes > this.#maxBytes) return problem(words[wanted].tooMuch);
    const text = textOf(data);
    if (wanted === 'secret') return this.#secret(text);
    return this.#whole ? { ok: true, value: text } : problem(words[wanted].late);
  }

  /** What follows the line is kept: whoever reads it can see that it is no password. */
  #secret(text: string): Parsed<string> {
    if (this.#givenUp) return problem('given up: nothing was changed');
    if (!this.#whole && !lineEnd.test(text)) return problem(words.secret.late);
    return { ok: true, value: this.#terminal ? typedText(text) : text };
  }

  /** Whether that was all. */
  #take(data: Buffer): boolean {
    const end = this.#terminal
      ? data.findIndex((byte) => byte === endOfText || byte === endOfTransmission)
      : -1;
    const part = end === -1 ? data : data.subarray(0, end);
    this.#whole ||= end !== -1;
    this.#givenUp ||= end !== -1 && data[end] === endOfText;
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

/** What stands in a line after everything that was typed, with what was rubbed out. */
function typedText(text: string): string {
  const typed: string[] = [];
  for (const character of text) {
    if (character === '\u007f' || character === '\b') typed.pop();
    else if (character === '\u0015') typed.length = 0;
    else typed.push(character);
  }
  return typed.join('');
}
