import type { ServerChannel } from 'ssh2';

/** For a reader that has stopped in the middle of an answer to go on. */
const stalledMs = 30_000;
/** Unsent bytes above which lines are left out: a terminal that nobody reads must not grow in our memory. */
const maxUnsentBytes = 64 * 1024;
const pieceBytes = 16 * 1024;

/** Lines of text to one session channel, with the line ends that its terminal wants. */
export class SessionOutput {
  readonly #channel: ServerChannel;
  readonly #lineEnd: string;
  readonly #stalledMs: number;
  #left = 0;

  constructor(channel: ServerChannel, options: { terminal: boolean; stalledMs?: number }) {
    this.#channel = channel;
    this.#stalledMs = options.stalledMs ?? stalledMs;
    this.#lineEnd = options.terminal ? '\r\n' : '\n';
  }

  line(text: string, leftOut = leftOutText): void {
    if (this.#channel.writableLength > maxUnsentBytes) {
      this.#left += 1;
      return;
    }
    if (this.#left > 0) this.#write(leftOut(this.#left));
    this.#left = 0;
    this.#write(text);
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text);
  }

  /** All of the lines, no faster than they are read. False when the reader is gone, or has stopped reading. */
  async whole(texts: readonly string[]): Promise<boolean> {
    for (const piece of piecesOf(texts, this.#lineEnd)) {
      if (!this.#channel.writable) return false;
      const isFull = !this.#channel.write(piece);
      if (isFull && !(await this.#drained())) return false;
    }
    return true;
  }

  error(text: string): void {
    this.remark(`porthole: ${text}`);
  }

  /** A line beside the output, on standard error. */
  remark(text: string): void {
    if (!this.#channel.writable || this.#channel.stderr.writableLength > maxUnsentBytes) return;
    this.#channel.stderr.write(text + this.#lineEnd);
  }

  /** One line of JSON ended by CR LF, as Preevy's clients expect it. */
  json(value: unknown): void {
    if (this.#channel.writable) this.#channel.write(`${JSON.stringify(value)}\r\n`);
  }

  /** Sends the exit status and closes the session. */
  exit(status: number): void {
    if (!this.#channel.writable) return;
    this.#channel.exit(status);
    this.#channel.end();
  }

  /** Ends the session of a reader that is not there. */
  cut(): void {
    this.#channel.destroy();
  }

  #drained(): Promise<boolean> {
    const channel = this.#channel;
    return new Promise((resolve) => {
      const settle = (drained: boolean) => (): void => {
        clearTimeout(timer);
        channel.off('drain', onDrain).off('close', onClose);
        resolve(drained);
      };
      const [onDrain, onClose] = [settle(true), settle(false)];
      const timer = setTimeout(onClose, this.#stalledMs);
      channel.once('drain', onDrain).once('close', onClose);
    });
  }

  #write(text: string): void {
    if (this.#channel.writable) this.#channel.write(text + this.#lineEnd);
  }
}

/** The lines in pieces that are large, since each one is a packet, and bounded, since a reader may stop at any of them. */
function* piecesOf(texts: readonly string[], lineEnd: string): Iterable<Buffer> {
  let text = '';
  for (const [index, line] of texts.entries()) {
    text += line + lineEnd;
    if (text.length < pieceBytes && index < texts.length - 1) continue;
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
    text = '';
  }
}

function leftOutText(lines: number): string {
  return `(${String(lines)} lines left out)`;
}
