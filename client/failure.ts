/**
 * Why there is no connection: `lost` may pass and is tried again, `refused` stays so until somebody changes
 * something.
 */
export type Failure =
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly reason: string };

export type RefusalCode =
  /** The gateway accepted none of the keys. */
  | 'authentication'
  /** The SSH host key is unknown, revoked, or not the one that was expected. */
  | 'host-key'
  /** The TLS certificate is not trusted, or is for another name. */
  | 'certificate'
  /** The certificate would do at another time: expired, or not valid yet. */
  | 'certificate-time'
  /** The gateway refused every forward, for good. */
  | 'forward';

export function lost(reason: string): Failure {
  return { kind: 'lost', reason };
}

export function refused(code: RefusalCode, reason: string): Failure {
  return { kind: 'refused', code, reason };
}
