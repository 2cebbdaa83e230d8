/** What a connection turned out to speak by its first bytes. */
export type Found = 'tls' | 'ssh' | 'http';

/** Why a connection ended before it was known what it is: by a deadline, by its peer, for what it sent. */
export type Lost = 'late' | 'ended' | 'garbage' | 'bad-proxy-header';

/** What happened to a connection at the shared port, for metrics. */
export type DemuxerEvent =
  /** `refused`: while closing, or gone already. `evicted`: the oldest undecided one made room. `proxied`: came with a PROXY header. */
  | { readonly kind: 'accepted' | 'refused' | 'evicted' | 'proxied' }
  /** `silence` is taken for SSH, whose clients may wait for our identification. */
  | { readonly kind: 'sniffed'; readonly as: Found | 'silence'; readonly secure: boolean }
  | {
      readonly kind: 'secured';
      readonly tlsVersion: string | undefined;
      readonly alpn: string | undefined;
      readonly resumed: boolean;
    }
  /** With OpenSSL's or Node's code; `ERR_TLS_HANDSHAKE_TIMEOUT` for the deadline. */
  | { readonly kind: 'handshake-failed'; readonly code: string }
  | { readonly kind: 'lost'; readonly why: Lost; readonly secure: boolean }
  /** Offered nothing but SSH, from a source that may not log in now: ended before its handshake. */
  | { readonly kind: 'penalised' }
  /** A handler threw: somebody must look. */
  | { readonly kind: 'failed'; readonly error: unknown };
