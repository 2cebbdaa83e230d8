import type { Client, ClientChannel } from 'ssh2';

/** What a command on the gateway answered. */
export interface ExecResult {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Characters of an answer that are kept. */
const maxOutput = 4 * 1024 * 1024;
/** A longer line is left out. */
const maxLine = 64 * 1024;

/** Runs a command in a session of its own; undefined when the gateway takes no session. `stdin` is all that the command reads. */
export function runCommand(client: Client, command: string, stdin = ''): Promise<ExecResult | undefined> {
  return new Promise((resolve) => {
    client.exec(command, (error, channel) => {
      if (error !== undefined) {
        resolve(undefined);
        return;
      }
      const result = { code: undefined as number | undefined, stdout: '', stderr: '' };
      channel.on('error', () => resolve(undefined));
      channel
        .setEncoding('utf8')
        .on('data', (text: string) => (result.stdout = (result.stdout + text).slice(0, maxOutput)));
      channel.stderr
        .setEncoding('utf8')
        .on('data', (text: string) => (result.stderr = (result.stderr + text).slice(0, maxOutput)));
      channel.on('exit', (code: number | null) => (result.code = code ?? undefined));
      channel.on('close', () => resolve(result));
      channel.end(stdin);
    });
  });
}

/** Runs a command that goes on until it is stopped, and gives its lines as they come. The result stops it. */
export function followCommand(client: Client, command: string, onLine: (line: string) => void): () => void {
  let channel: ClientChannel | undefined;
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    channel?.close();
  };
  client.exec(command, (error, opened) => {
    if (error !== undefined) return;
    opened.on('error', () => undefined);
    opened.stderr.on('error', () => undefined).resume();
    channel = opened;
    if (stopped) stop();
    const lines = new LineSplitter((line) => {
      if (!stopped) onLine(line);
    });
    opened.setEncoding('utf8').on('data', (text: string) => lines.write(text));
  });
  return stop;
}

/** Cuts text at its line ends, and keeps no more than one line of a bounded length. */
class LineSplitter {
  readonly #onLine: (line: string) => void;
  #rest = '';
  #tooLong = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  write(text: string): void {
    const [first = '', ...others] = text.split('\n');
    this.#grow(first);
    for (const next of others) {
      if (!this.#tooLong) this.#onLine(this.#rest.replace(/\r$/, ''));
      this.#rest = '';
      this.#tooLong = false;
      this.#grow(next);
    }
  }

  #grow(text: string): void {
    this.#tooLong ||= this.#rest.length + text.length > maxLine;
    this.#rest = this.#tooLong ? '' : this.#rest + text;
  }
}
