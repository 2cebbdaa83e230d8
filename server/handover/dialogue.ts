import type { Socket } from 'node:net';
import { deadline } from '../../core/lifecycle.ts';
import { readMessage, writeMessage, type Message } from './message.ts';

/** What came of waiting for a message. `late`: nothing within the time. `over`: the peer is gone. */
export type Heard = ReturnType<typeof readMessage> | { readonly kind: 'late' | 'over' };

const maxLineBytes = 64 * 1024;
const maxUnread = 8;

/** The messages between two processes of a handover, over one connection: lines, bounded in length and number. */
export class Dialogue {
  readonly #socket: Socket;
  readonly #heard: Heard[] = [];
  #wake: (() => void) | undefined;
  #partial = '';

  /** Takes over a connection. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.#take(text);
    });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      this.#add({ kind: 'over' });
    });
  }

  say(message: Message): void {
    if (this.#socket.writable) this.#socket.write(`${writeMessage(message)}\n`);
  }

  /** The next message. After `over` there is nothing but that. */
  async next(patienceMs: number): Promise<Heard> {
    const [first] = this.#heard;
    if (first === undefined) {
      const more = new Promise<void>((settle) => {
        this.#wake = settle;
      });
      await deadline(more, patienceMs, () => undefined);
    }
    const heard = this.#heard[0] ?? { kind: 'late' };
    if (heard.kind !== 'over') this.#heard.shift();
    return heard;
  }

  /** What was said still arrives. */
  end(): void {
    this.#socket.end();
    this.#socket.unref();
  }

  #take(text: string): void {
    const lines = (this.#partial + text).split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) this.#add(readMessage(line));
    if (this.#partial.length > maxLineBytes || this.#heard.length > maxUnread) this.#socket.destroy();
  }

  #add(heard: Heard): void {
    this.#heard.push(heard);
    this.#wake?.();
    this.#wake = undefined;
  }
}
