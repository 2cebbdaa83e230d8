import type { Socket } from 'node:net';
import type { ErrorCode } from '../../core/errors.ts';
import type { Connection } from './connection.ts';
import type { RawRequest } from './request-head.ts';

/** What happens on a visitor's side of a request. */
export interface VisitorListener {
  /** A piece of the request's body; only after `readBody`. */
  onBody(chunk: Buffer): void;
  /** The body's end, with its trailers: names and values in turn. */
  onBodyEnd(trailers: readonly string[]): void;
  /** What was written is on its way: more may follow. */
  onVisitorDrain(): void;
  /** The body is not valid HTTP, or the like. The visitor can still be answered. */
  onVisitorBroken(code: ErrorCode): void;
  /** Over: the answer was written to its end (`complete`), or the visitor is gone. Told once, and last. */
  onVisitorClose(complete: boolean): void;
}

/**
 * The front half of one request, whatever its protocol: what was asked, its body, and the way to answer. One exchange
 * owns it. Back-pressure: `write` is false until `onVisitorDrain`; `pauseBody` stops `onBody`.
 */
export interface Visitor {
  readonly request: RawRequest;
  readonly connection: Connection;
  /** A request to upgrade, on a connection that carries nothing else: it may switch protocols. */
  readonly bare: boolean;
  /** The body has been read to its end, or there is none. */
  readonly bodyRead: boolean;
  /** From here on `listener` is told; once, before anything else. */
  attach(listener: VisitorListener): void;
  readBody(): void;
  pauseBody(): void;
  resumeBody(): void;
  /** A 1xx answer, where the protocol version has those. */
  inform(status: number, headers: readonly string[]): void;
  /** The head of the final answer; names and values in turn. Throws what Node throws at a head that cannot be sent. */
  respond(status: number, message: string, headers: string[]): void;
  /** Sends the head now, if it still waits for the first piece of the body. */
  flushHead(): void;
  write(chunk: Buffer): boolean;
  /** The end of the answer, with the last piece of its body, or with trailers. */
  end(chunk: Buffer | undefined, trailers: readonly string[]): void;
  /** Breaks off so that nobody takes what was sent for complete. */
  abort(): void;
  /** Gives the bare socket of a request to upgrade, with what was read beyond the head put back. */
  takeSocket(): Socket | undefined;
}
