import type { Identity } from '../identity/identity.ts';
import type { GateRecord } from './target-record.ts';

/** What somebody asks the gate for. */
export interface ReachRequest {
  readonly identity: Identity;
  /** The user name that they came in with, which may be that of a gate. */
  readonly user: string;
  readonly env: string;
  /** The principal that the environment belongs to; undefined for one that is not there. */
  readonly owner: string | undefined;
  /** Undefined for the default service. */
  readonly service: string | undefined;
  /** The machine that the channel leads to, where it is known as one. */
  readonly target: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export type ReachDecision =
  | {
      readonly kind: 'allowed';
      readonly gate: GateRecord;
      /** What allows it, for the audit: `admin`, `owner`, `member`, or the id of a grant. */
      readonly by: string;
      /** When it has to be asked again at the latest, for what allows it ends then. */
      readonly until: number | undefined;
      /** Whom they may be on the machine, as far as certificates say so. */
      readonly osUsers: 'any' | readonly string[];
    }
  /** For whoever asked. One that is there and one that is not are refused in the same words, to those who may not know. */
  | {
      readonly kind: 'refused';
      /** `ERR_TARGET_UNKNOWN` for what is not there, and for what they may not know of. */
      readonly code: 'ERR_GATE_REFUSED' | 'ERR_TARGET_UNKNOWN';
      /** One line, without the code. */
      readonly reason: string;
    };

/** THE decision who reaches what by the gate, as things are at that moment: asked at each channel open, and again whenever something changes. */
export interface Reachability {
  decide(request: ReachRequest): ReachDecision;
}
