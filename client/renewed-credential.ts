import type { Failure } from './failure.ts';
import type { Identity } from './identity.ts';

/** What one logs in with where that is good for a while only: it changes under the connections that use it. */
export interface RenewedCredential {
  /** What is good now; asked at each login. */
  readonly identities: readonly Identity[];
  /** Sees to it that there is something good; why not, if there is nothing. */
  ready(): Promise<Failure | undefined>;
  /** Calls the listener when there is something new: what logged in with the old is good for so long. The result stops that. */
  onRenewed(listener: (graceMs: number) => void): () => void;
  close(): void;
}
