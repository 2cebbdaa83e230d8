import type { Identity } from '../identity/identity.ts';

/** How the login of one connection ended. */
export type LoginOutcome = LoginSuccess | LoginFailure;

export interface LoginSuccess {
  readonly kind: 'ok';
  readonly identity: Identity;
  readonly env: string;
  readonly address: string;
  /** The signature counter of a FIDO key. */
  readonly counter?: number;
}

/** A connection that ended, whoever ended it, before anybody had logged in. */
export interface LoginFailure {
  readonly kind: 'failed';
  readonly why: LoginFailureKind;
  readonly address: string;
  /** What the client tried; without one, it tried nothing. */
  readonly attempt?: LoginAttempt;
}

/** `refused`: no key was good. `late`: the time was up. `nothing`: it began to speak SSH, and left without having tried a key. */
export type LoginFailureKind = 'refused' | 'late' | 'nothing';

/** What a client tried in vain. All of it is a stranger's own words. */
export interface LoginAttempt {
  /** The user name as sent. */
  readonly user: string;
  /** Why the last key was refused. */
  readonly reason: string;
  /** Of the keys that were offered, the first few. */
  readonly fingerprints: readonly string[];
  readonly tries: number;
}
