import type { Duplex } from 'node:stream';
import type { Access, ForwardOptions, ForwardRequest } from '../../core/forward.ts';
import type { RouteName } from '../../core/names.ts';

/** Where a visitor's connection came from; goes into the channel open (RFC 4254, 7.2) and is shown by the client. */
export interface Origin {
  readonly address: string;
  readonly port: number;
}

/** Why a channel could not be opened, as the ingress needs to tell it apart. */
export type ChannelFailure =
  /** The machine answered that nothing accepts the connection there; `detail` is the client's own text. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** The machine does not allow it (its own configuration), or does not know the forward any more. */
  | { readonly kind: 'prohibited'; readonly detail: string }
  /** No answer to the channel open within the deadline. */
  | { readonly kind: 'timeout' }
  /** The tunnel holds its maximum of channels. */
  | { readonly kind: 'limit' }
  /** The tunnel is gone. Nothing was sent. */
  | { readonly kind: 'gone' };

/** The rejection of `Forward.openChannel`: nothing of the caller's was sent. */
export class ChannelOpenError extends Error {
  readonly failure: ChannelFailure;
  constructor(failure: ChannelFailure) {
    super(`channel not opened: ${failure.kind}`);
    this.name = 'ChannelOpenError';
    this.failure = failure;
  }
}

/** What a channel open said; `prohibited` counts as refused. */
export type OpenResult = 'accepted' | 'refused' | 'timeout' | 'limit' | 'gone';

/**
 * Why a forward is no longer live. `withdrawn`: cancelled by the client, or its user quit. `expired`: its `ttl` is over.
 * `lost`: everything else.
 */
export interface ForwardEnding {
  readonly kind: 'lost' | 'withdrawn' | 'expired';
  readonly reason: string;
}

/** One byte stream to the upstream: a Duplex that a Node HTTP client can use as its socket. */
export interface Channel extends Duplex {
  /** Bytes received from the machine that nobody has read yet. */
  readonly bufferedBytes: number;
  /** Milliseconds without a byte either way until 'timeout' is emitted; 0 switches it off. */
  setTimeout(ms: number, callback?: () => void): this;
}

/** One `ssh -R` in a tunnel: a service (and port) that the machine offers. */
export interface Forward {
  readonly id: string;
  readonly tunnelId: string;
  /** The principal that owns the tunnel. */
  readonly owner: string;
  readonly route: RouteName;
  readonly request: ForwardRequest;
  readonly options: ForwardOptions;
  /** The effective access: the forward's own, else the gateway's default. */
  readonly access: Access;
  /** False from the moment that the tunnel is lost, the forward cancelled, or its `ttl` over. */
  readonly live: boolean;
  /** Its tunnel was told to move elsewhere: it serves, but where there is another, that one is to be taken. */
  readonly draining: boolean;
  /** For how long its machine had not been heard when the tunnel was given up for that; else 0. */
  readonly silentMs: number;
  /** Requests in flight on it, counted by whoever sends them. */
  readonly load: { requests: number };
  /** Settles once, with the reason, when the forward has ended. */
  readonly closed: Promise<string>;
  /** Opens one byte stream to the upstream. Rejects with `ChannelOpenError` only; bounded by `channel-open-timeout`. */
  openChannel(origin: Origin): Promise<Channel>;
}
