import type { ServerChannel } from 'ssh2';

/** Unsent bytes above which lines are left out: a terminal that nobody reads must not grow in our memory. */
const maxUnsentBytes = 64 * 1024;

/** Lines of text to one session channel, with the line ends that its terminal wants. */
export class SessionOutput {
  readonly #channel: ServerChannel;
  readonly #lineEnd: string;
  #left = 0;

  constructor(channel: ServerChannel, options: { terminal: boolean }) {
    this.#channel = channel;
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

  error(text: string): void {
    if (!this.#channel.writable || this.#channel.stderr.writableLength > maxUnsentBytes) return;
    this.#channel.stderr.write(`porthole: ${text}${this.#lineEnd}`);
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

  #write(text: string): void {
    if (this.#channel.writable) this.#channel.write(text + this.#lineEnd);
  }
}

function leftOutText(lines: number): string {
  return `(${String(lines)} lines left out)`;
}
