import type { ConnectionInfo } from './dependencies.ts';
import type { Visitor } from './visitor.ts';

/** One connection of a visitor: what is known of it, and what is open on it. */
export class Connection {
  readonly info: ConnectionInfo;
  /** The peer's forwarding headers are believed. */
  readonly trusted: boolean;
  /** The visitors whose answers are not complete; more than one with HTTP/2, or with pipelining. */
  readonly open = new Set<Visitor>();
  /** Nothing more is taken from it. */
  closing = false;
  /** When its last answer was over, or it was accepted. */
  quietSince = performance.now();

  constructor(info: ConnectionInfo, trusted: boolean) {
    this.info = info;
    this.trusted = trusted;
  }
}
