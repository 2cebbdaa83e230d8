import type { Pass } from './pass.ts';

/** What a one-time code stands for that takes a login from the login pages to the host of an environment. */
export interface HandOverCode {
  /** The only host that may take it. */
  readonly host: string;
  /** The hash of the nonce in the state cookie of the browser that asked, as `stateHash` makes it. */
  readonly state: string;
  readonly pass: Pass;
  /** Where the browser goes at last: a path with its query, on the first host of the chain. */
  readonly path: string;
  /** When the pass ends; milliseconds since the epoch. */
  readonly expiresAtMs: number;
  /** The labels of the hosts that have their cookie already. */
  readonly planted: readonly string[];
  /** The labels of the hosts that get one next. */
  readonly chain: readonly string[];
}
