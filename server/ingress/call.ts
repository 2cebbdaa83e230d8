import type { Duplex } from 'node:stream';
import type { ChannelFailure, Origin } from '../tunnel/forward.ts';

/** One request as it goes to an upstream. */
export interface CallRequest {
  readonly method: string;
  readonly path: string;
  /** Names and values in turn, `Host` first, with HTTP/1.1's framing. */
  readonly headers: string[];
  readonly hasBody: boolean;
  readonly upgrade: boolean;
  /** May be repeated without harm (RFC 9110, 9.2.2); others get no channel that may just be about to close. */
  readonly idempotent: boolean;
  /** Asks for a channel of its own: a stale one was enough. */
  readonly fresh: boolean;
  readonly origin: Origin;
}

/** Why a call ended without a whole answer. */
export type CallFailure =
  /** There was no channel: nothing was sent. */
  | { readonly kind: 'not-opened'; readonly failure: ChannelFailure }
  /** The channel had closed before anything was written to it. */
  | { readonly kind: 'not-sent' }
  /** Nothing that was sent has been acted on: the upstream says so (HTTP/2), or never got that far (TLS). */
  | { readonly kind: 'not-processed'; readonly cause: unknown }
  /** The channel closed before a byte of the answer; `reused` when an earlier request had left it open. */
  | { readonly kind: 'closed'; readonly reused: boolean }
  /** What came is no answer. */
  | { readonly kind: 'nonsense'; readonly cause: unknown }
  /** The answer broke off after its head. */
  | { readonly kind: 'truncated' };

/** What happens on the upstream's side of a request. */
export interface CallListener {
  /** There is a channel, and the head is on its way: the body may follow. Only for requests that have one. */
  onSent(): void;
  onInformation(status: number, rawHeaders: readonly string[]): void;
  onHead(status: number, message: string, rawHeaders: readonly string[]): void;
  onData(chunk: Buffer): void;
  /** The answer is complete, with its trailers. */
  onEnd(rawTrailers: readonly string[]): void;
  onCallDrain(): void;
  /** 101: the channel is raw from here on, and the listener's. */
  onSwitch(switched: Switched): void;
  /** Told at most once, and nothing after it. */
  onFailure(failure: CallFailure): void;
}

export interface Switched {
  readonly message: string;
  readonly rawHeaders: readonly string[];
  readonly channel: Duplex;
}

/** The back half of one request: the way to an upstream, and back. */
export interface Call {
  /** It went out on a channel that an earlier request had left. */
  readonly reused: boolean;
  write(chunk: Buffer): boolean;
  /** The end of the request's body, with its trailers. */
  end(trailers: readonly string[]): void;
  pause(): void;
  resume(): void;
  /** For how long the channel may be kept for another request, if the upstream has said so. */
  keepFor(ms: number): void;
  /** Ends it now, and its channel with it, unless the answer is complete. Nothing is told after. */
  destroy(): void;
}

/** An upstream behind one forward. */
export interface Upstream {
  call(request: CallRequest, listener: CallListener): Call;
  /** Its forward has ended: keeps nothing open but for the calls that run, which end with their channels. */
  retire(): void;
}
