import type { HandOver } from '../access/hand-over.ts';
import type { Account } from '../access/session-record.ts';
import type { EndpointAnswer, EndpointCall } from '../pages/own-endpoint.ts';
import type { AuditDetail } from '../store/audit-entry.ts';

/** By what somebody logs in. */
export interface SignInWay {
  readonly action: 'session.start';
  readonly detail: AuditDetail;
  /** The login ends no later, in milliseconds since the epoch. */
  readonly until?: number;
}

/**
 * The end of every way to log in: starts a session of its own for the browser, with an id that nobody knew before, in place of one that it had; the
 * links and passwords that it holds stay. Goes on to where the browser wanted to go, or to the page of the account.
 */
export interface SignIn {
  /** Never rejects. */
  signIn(
    account: Account,
    call: EndpointCall,
    then: HandOver | undefined,
    how: SignInWay,
  ): Promise<EndpointAnswer>;
}
