import { type Frame, renderFrame } from './live-frame.ts';
import { LiveRecord } from './live-model.ts';
import type { LiveTerminal } from './live-terminal.ts';
import type { ClientEvent, Place } from './report.ts';
import { parseRequestLine } from './request-line.ts';

/** What the view asks of the tunnels. */
export interface WatchedTunnels {
  /** The newest connection that serves. */
  readonly lead: WatchedSession | undefined;
}

export interface WatchedSession {
  readonly roundTripMs: number | undefined;
  /** The lines of a command of the gateway, for as long as it runs. The result stops it. */
  follow(command: string, onLine: (line: string) => void): () => void;
}

/** At most five pictures a second. */
const frameMs = 200;
/** For what changes by itself: the round trip, and the time until the next try. */
const tickMs = 1000;

/**
 * A block at the bottom of the terminal that is redrawn in place. The cursor rests on its first row: whatever becomes of the
 * terminal's size meanwhile, the block is all that lies below.
 */
export class LiveView {
  readonly #terminal: LiveTerminal;
  readonly #tunnels: WatchedTunnels;
  readonly #record: LiveRecord;
  readonly #ticker: NodeJS.Timeout;
  readonly #forgetTerminal: () => void;
  #timer: NodeJS.Timeout | undefined;
  #drawn = '';
  #followed: WatchedSession | undefined;
  #unfollow: (() => void) | undefined;

  constructor(terminal: LiveTerminal, place: Place, tunnels: WatchedTunnels) {
    this.#terminal = terminal;
    this.#tunnels = tunnels;
    this.#record = new LiveRecord(place, Date.now);
    this.#ticker = setInterval(() => this.#drawSoon(), tickMs);
    this.#forgetTerminal = terminal.onDisturbed(() => {
      this.#drawn = '';
      this.#drawSoon();
    });
    this.#drawSoon();
  }

  tell(events: readonly ClientEvent[]): void {
    for (const event of events) this.#record.take(event);
    this.#follow();
    this.#drawSoon();
  }

  stopping(): void {
    this.#record.stopping();
    this.#drawSoon();
  }

  /** Leaves the last picture, with the cursor below it. */
  close(): void {
    clearInterval(this.#ticker);
    clearTimeout(this.#timer);
    this.#forgetTerminal();
    this.#unfollow?.();
    const { text } = this.#render();
    this.#terminal.write(`\r\u001b[J${text}\r\n`);
    this.#terminal.close();
  }

  #follow(): void {
    const { lead } = this.#tunnels;
    if (lead === this.#followed) return;
    this.#unfollow?.();
    this.#followed = lead;
    this.#unfollow = lead?.follow('requests --json', (line) => {
      const request = parseRequestLine(line);
      if (request === undefined) return;
      this.#record.request(request);
      this.#drawSoon();
    });
  }

  #drawSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#draw();
    }, frameMs);
  }

  #draw(): void {
    this.#follow();
    const { text, rows } = this.#render();
    if (text === this.#drawn) return;
    this.#drawn = text;
    const back = rows > 1 ? `\u001b[${rows - 1}A` : '';
    this.#terminal.write(`\r\u001b[J${text}\r${back}`);
  }

  #render(): Frame {
    const { columns, rows, colour } = this.#terminal;
    const roundTripMs = this.#tunnels.lead?.roundTripMs;
    return renderFrame(this.#record, { columns, rows, colour, nowMs: Date.now(), roundTripMs });
  }
}
