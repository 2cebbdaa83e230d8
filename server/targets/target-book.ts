import type { AuditEntry } from '../store/audit-entry.ts';
import type { GateKey, GateRecord, ProfileRecord, ReachGrant, TargetRecord } from './target-record.ts';

/** What `update` sets; what is not named stays, and `undefined` takes away what may be missing. */
export type Update<Record, Fixed extends keyof Record> = {
  readonly [K in Exclude<keyof Record, Fixed>]?: Record[K] | undefined;
};

export type BookChange =
  | { readonly kind: 'add-target'; readonly target: TargetRecord }
  | {
      readonly kind: 'update-target';
      readonly id: string;
      readonly set: Update<TargetRecord, 'id' | 'owner' | 'createdAt' | 'createdBy'>;
    }
  /** With its profiles, and its place at gates. */
  | { readonly kind: 'remove-target'; readonly id: string }
  | { readonly kind: 'add-profile'; readonly profile: ProfileRecord }
  | {
      readonly kind: 'update-profile';
      readonly id: string;
      readonly set: Update<ProfileRecord, 'id' | 'principal' | 'createdAt'>;
    }
  | { readonly kind: 'remove-profile'; readonly id: string }
  | { readonly kind: 'add-gate'; readonly gate: GateRecord }
  /** `keys` and `targets` become `any`, or a list that is empty at first. */
  | {
      readonly kind: 'update-gate';
      readonly id: string;
      readonly set: {
        readonly name?: string;
        readonly host?: string | undefined;
        readonly port?: number | undefined;
        readonly keys?: 'any' | 'listed';
        readonly targets?: 'any' | 'listed';
      };
    }
  | { readonly kind: 'remove-gate'; readonly id: string }
  | { readonly kind: 'add-gate-key'; readonly gate: string; readonly key: GateKey }
  | { readonly kind: 'remove-gate-key'; readonly gate: string; readonly fingerprint: string }
  | { readonly kind: 'add-gate-target'; readonly gate: string; readonly target: string }
  | { readonly kind: 'remove-gate-target'; readonly gate: string; readonly target: string }
  | { readonly kind: 'add-grant'; readonly grant: ReachGrant }
  | { readonly kind: 'remove-grant'; readonly id: string };

/** The targets, profiles, gates and grants that the gateway's store knows: a view in memory, and the way to change them. */
export interface TargetBook {
  targets(): Iterable<TargetRecord>;
  target(id: string): TargetRecord | undefined;
  targetNamed(name: string): TargetRecord | undefined;
  targetsOf(env: string): readonly TargetRecord[];
  profilesOf(principal: string): readonly ProfileRecord[];
  gates(): Iterable<GateRecord>;
  gate(id: string): GateRecord | undefined;
  gateNamed(name: string): GateRecord | undefined;
  readonly defaultGate: GateRecord;
  grants(): Iterable<ReachGrant>;
  grant(id: string): ReachGrant | undefined;
  grantsOf(principal: string): readonly ReachGrant[];
  /**
   * All of the changes with their audit line, or nothing; the view changes when it is written. Rejects with `ERR_STORE_UNAVAILABLE`,
   * `ERR_LIMIT` or `ERR_CONFLICT` (a name or an id that is taken, a thing that is no more), in words for whoever asked.
   */
  change(changes: readonly BookChange[], audit: AuditEntry): Promise<void>;
  /** A target was online then; noted a little later, or not at all when the disk fails; never throws. */
  seen(id: string, at: number): void;
  /** Called after each change, of whichever process. */
  onChange(callback: () => void): void;
}
