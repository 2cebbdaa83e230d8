import type { ErrorCode } from '../../core/errors.ts';
import type { ServiceState } from '../routing/state.ts';

/** A detail of a failure: a field of the JSON, a line of the page. */
export interface Fact {
  readonly field: string;
  readonly label: string;
  readonly value: string;
}

/** What is said about one failure, beyond its code. All of it may be read by whoever made the request. */
export interface Failure {
  readonly code: ErrorCode;
  /** Replaces the table's sentence. */
  readonly reason?: string;
  /** Replaces the code's advice. */
  readonly next?: string;
  readonly retryAfterSeconds?: number;
  /** Of what was asked for. */
  readonly state?: ServiceState | undefined;
  /** When it entered that state, and when it was seen last, in milliseconds since the epoch. */
  readonly sinceMs?: number | undefined;
  readonly lastSeenAt?: number;
  readonly facts?: readonly Fact[];
  readonly services?: readonly { readonly name: string; readonly url: string }[];
  /** Where people log in who may see more: a link on the page. */
  readonly signIn?: string;
  /** The page waits until then, such as `it is back`, and loads what was asked for. */
  readonly waitsUntil?: string;
  readonly headers?: readonly string[];
}

/** The same failure with more header fields: names and values in turn. */
export function withHeaders(failure: Failure, more: readonly string[]): Failure {
  return { ...failure, headers: [...(failure.headers ?? []), ...more] };
}
