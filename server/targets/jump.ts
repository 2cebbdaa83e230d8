import type { ErrorCode } from '../../core/errors.ts';
import type { Parsed } from '../../core/parsed.ts';
import type { Caller } from '../identity/key-record.ts';
import type { Channel, Origin } from '../tunnel/forward.ts';

/** Why somebody is not let through: one line, fit for a terminal. */
export interface JumpRefusal {
  readonly code: ErrorCode;
  /** Without the code. */
  readonly reason: string;
}

/** Somebody asks, over SSH, to be connected to an address behind the gateway. Exactly one of `accept` and `refuse` answers it. */
export interface Jump {
  /** As the client wrote it: anything. */
  readonly host: string;
  readonly port: number;
  /** The user name that they came in with. */
  readonly user: string;
  /** Where they are. */
  readonly origin: Origin;
  /** Who they were when they logged in, for the log. */
  readonly principal: string;
  readonly fingerprint: string;
  /** Who asks by what their key is at this moment, or why it lets nobody in any more. */
  caller(): Parsed<Caller>;
  /** Aborts when nobody waits for the answer any more. */
  readonly abandoned: AbortSignal;
  /** Undefined when nobody waits for it any more. */
  accept(): Channel | undefined;
  refuse(refusal: JumpRefusal): void;
  /** To be called just before the channel is taken away from whoever uses it: they read why, and the connection ends if it is there for nothing else. */
  tell(reason: string): void;
}

/** Leads people through to machines. */
export interface Jumps {
  /** Answers sooner or later; never throws. */
  open(jump: Jump): void;
}
