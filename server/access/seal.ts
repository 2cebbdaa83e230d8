/** What a sealed text is for. One for another purpose, or another host, does not open. */
export type SealPurpose =
  /** The cookie of a preview's host. */
  | 'host'
  /** The cookie of the login pages: who is logged in, and what was opened without an account. */
  | 'login'
  /** What a login must come back with: the provider's state, and the like. */
  | 'state'
  /** A token for the API. */
  | 'api-token';

/** Seals short texts such that nobody else can read, make or change them (AES-256-GCM), with keys that are replaced from time to time. */
export interface Sealer {
  /** `binding` is what it is good for only: the host name. At most 2 KiB of text. Made of `[A-Za-z0-9_.-]`. */
  seal(purpose: SealPurpose, binding: string, text: string): string;
  /** Undefined for everything that is not genuine, or whose key is gone. `old`: another key than the newest: seal it anew. */
  open(
    purpose: SealPurpose,
    binding: string,
    sealed: string,
  ): { readonly text: string; readonly old: boolean } | undefined;
}
