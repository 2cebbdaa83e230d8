/** A certificate with its chain, and its private key, both as PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** What there is to tell about the certificate in use: for logs, metrics, and the hint how to trust it. */
export interface CertificateDescription {
  readonly kind: 'files' | 'development';
  readonly notAfter: Date;
  /** SHA-256 of the certificate, upper-case hex pairs with colons, as OpenSSL prints it. */
  readonly fingerprint256: string;
  /** The authority that clients are to trust, if it is one of our own making. */
  readonly caFile?: string;
}

/** Told to metrics; the log has the details. */
export type CertificateEvent = { readonly kind: 'changed' } | { readonly kind: 'refused' };

/** Where the gateway's certificate comes from. It may change at any time; there is always a usable one. */
export interface CertificateSource {
  readonly current: CertificatePair;
  /** A certificate for just this name, where clients do not accept the wildcard for it; `undefined`: the current one will do. */
  forName?(servername: string): CertificatePair | undefined;
  /** Calls back after `current` has changed. Gives a function that ends it. */
  onChange(listener: () => void): () => void;
  describe(): CertificateDescription;
  /** Looks now whether there is a newer certificate, instead of at the next regular look. Never rejects. */
  refresh(): Promise<void>;
  /** Stops looking. The current certificate stays usable. */
  close(): void;
}
