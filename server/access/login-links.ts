import { OneTimeCodes } from './one-time-codes.ts';
import { accountName, type Account } from './session-record.ts';

export interface LoginLinksOptions {
  /** `https://preview.example.com`, with its port where it has one. */
  readonly loginOrigin: string;
  readonly ttlMs?: number;
}

/** What a link stands for. */
export interface LoginLink {
  readonly account: Account;
  /** The login ends no later, in milliseconds since the epoch: with what its maker was logged in by. */
  readonly until: number;
}

/** On the login origin. */
export const keyLoginPath = '/_porthole/login/key';

const usualTtlMs = 5 * 60_000;
const maxLinks = 10_000;
/** Of one account: the oldest ends. */
const maxPerAccount = 10;

/** Links that log somebody in, once each: for who has shown by a key who they are. */
export class LoginLinks {
  readonly #origin: string;
  readonly #ttlMs: number;
  readonly #codes: OneTimeCodes<LoginLink>;

  constructor({ loginOrigin, ttlMs = usualTtlMs }: LoginLinksOptions) {
    this.#origin = loginOrigin;
    this.#ttlMs = ttlMs;
    this.#codes = new OneTimeCodes({
      ttlMs,
      max: maxLinks,
      holderOf: ({ account }) => accountName(account),
      maxPerHolder: maxPerAccount,
    });
  }

  make(account: Account, until = Infinity): { readonly url: string; readonly expiresAtMs: number } {
    const code = this.#codes.issue({ account, until });
    return { url: `${this.#origin}${keyLoginPath}?code=${code}`, expiresAtMs: Date.now() + this.#ttlMs };
  }

  /** Who it would log in: for the page that asks whether to. */
  peek(code: string): LoginLink | undefined {
    return this.#codes.peek(code);
  }

  /** Who it logs in; only once. */
  take(code: string): LoginLink | undefined {
    return this.#codes.take(code);
  }
}
