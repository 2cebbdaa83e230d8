import { OneTimeCodes } from './one-time-codes.ts';
import { accountName, type Account } from './session-record.ts';

export interface LoginLinksOptions {
  /** `https://preview.example.com`, with its port where it has one. */
  readonly loginOrigin: string;
  readonly ttlMs?: number;
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
  readonly #codes: OneTimeCodes<Account>;

  constructor({ loginOrigin, ttlMs = usualTtlMs }: LoginLinksOptions) {
    this.#origin = loginOrigin;
    this.#ttlMs = ttlMs;
    this.#codes = new OneTimeCodes({
      ttlMs,
      max: maxLinks,
      holderOf: accountName,
      maxPerHolder: maxPerAccount,
    });
  }

  make(account: Account): { readonly url: string; readonly expiresAtMs: number } {
    const code = this.#codes.issue(account);
    return { url: `${this.#origin}${keyLoginPath}?code=${code}`, expiresAtMs: Date.now() + this.#ttlMs };
  }

  /** Who it would log in: for the page that asks whether to. */
  peek(code: string): Account | undefined {
    return this.#codes.peek(code);
  }

  /** Who it logs in; only once. */
  take(code: string): Account | undefined {
    return this.#codes.take(code);
  }
}
