/** An OpenID provider, as the login page offers it. */
export interface OfferedProvider {
  /** In URLs, the audit and accounts: `google`. */
  readonly name: string;
  /** On its button: `Google`. */
  readonly title: string;
}

/** The OpenID providers that people may log in with, in the order of the file. */
export interface LoginProviders {
  /** As they are now. Empty where there is none. */
  list(): readonly OfferedProvider[];
  /** Called when the list may have changed. */
  onChange(callback: () => void): void;
}

/** Begins a login, with `?provider=NAME` and what the login page itself was asked with. */
export const withPath = '/_porthole/login/with';
/** Where providers send people back to: operators register it. */
export const callbackPath = '/_porthole/login/callback';
