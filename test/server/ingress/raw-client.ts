import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Teardown } from './sockets.ts';

/** A client of bare bytes. */
export class RawClient {
  readonly socket: Socket;
  #received = '';
  #waiting: (() => void)[] = [];
  ended = false;
  closed = false;
  error: NodeJS.ErrnoException | undefined;

  constructor(t: Teardown, port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket
      .setEncoding('latin1')
      .on('data', (text: string) => {
        this.#received += text;
        this.#wake();
      })
      .on('end', () => {
        this.ended = true;
        this.#wake();
      })
      .on('error', (error) => (this.error = error))
      .on('close', () => {
        this.closed = true;
        this.#wake();
      });
    t.teardown(() => this.socket.destroy());
  }

  get received(): string {
    return this.#received;
  }

  send(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** What was received when it first holds `wanted`. */
  async until(wanted: string | RegExp): Promise<string> {
    const found = (): boolean =>
      typeof wanted === 'string' ? this.#received.includes(wanted) : wanted.test(this.#received);
    while (!found()) {
      if (this.ended || this.closed) throw new Error(`it ended before ${String(wanted)}: ${this.#received}`);
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
    return this.#received;
  }

  /** All that was received when the peer has ended or closed the connection. */
  async end(): Promise<string> {
    while (!this.ended && !this.closed)
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    return this.#received;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** One exchange of bare bytes: sends, and gives all that came until the gateway ends the connection. */
export function exchangeBytes(t: Teardown, port: number, bytes: string): Promise<string> {
  return new RawClient(t, port).send(bytes).end();
}

export interface ParsedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Reads one HTTP/1.1 answer; a header that comes more than once is joined by newlines. */
export function parseAnswer(text: string): ParsedAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...rest] = text.slice(0, end).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of rest) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}\n${value}`;
  }
  return { status: Number(first.split(' ')[1]), headers, body: text.slice(end + 4) };
}

/** A GET whose connection is closed after it. */
export async function get(
  t: Teardown,
  port: number,
  host: string,
  options: { path?: string; headers?: string; method?: string } = {},
): Promise<ParsedAnswer> {
  const { path = '/', headers = '', method = 'GET' } = options;
  return parseAnswer(
    await exchangeBytes(
      t,
      port,
      `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers}Connection: close\r\n\r\n`,
    ),
  );
}
