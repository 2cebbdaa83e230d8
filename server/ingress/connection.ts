import type { ConnectionInfo } from './dependencies.ts';
import type { Visitor } from './visitor.ts';

/** One connection of a visitor: what is known of it, and what is open on it. */
export class Connection {
  readonly info: ConnectionInfo;
  /** The peer's forwarding headers are believed. */
  readonly trusted: boolean;
  /** The visitors whose answers are not complete; more than one with HTTP/2, or with pipelining. */
  readonly open = new Set<Visitor>();
  /** The answers that are under way, or the next one, are its last. */
  closing = false;
  /** When its last answer was over, or it was accepted. */
  quietSince = performance.now();
  #bytesRead = -1;

  constructor(info: ConnectionInfo, trusted: boolean) {
    this.info = info;
    this.trusted = trusted;
  }

  /** Whether nothing was open and no byte came, by the count of bytes read, for `ms` since this was first asked. */
  isQuiet(ms: number, bytesRead: number): boolean {
    const now = performance.now();
    if (bytesRead !== this.#bytesRead) {
      this.#bytesRead = bytesRead;
      this.quietSince = now;
    }
    return this.open.size === 0 && now - this.quietSince >= ms;
  }
}
