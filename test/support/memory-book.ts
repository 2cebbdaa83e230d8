import { draftChanges } from '../../server/targets/book-changes.ts';
import { firstDefaultGate } from '../../server/targets/book-tables.ts';
import { BookView } from '../../server/targets/book-view.ts';
import type { BookChange, TargetBook } from '../../server/targets/target-book.ts';
import type {
  GateRecord,
  ProfileRecord,
  ReachGrant,
  TargetRecord,
} from '../../server/targets/target-record.ts';
import type { AuditEntry } from '../../server/store/audit-entry.ts';
import { publicKey } from './public-keys.ts';

export interface BookContents {
  readonly targets?: readonly TargetRecord[];
  readonly profiles?: readonly ProfileRecord[];
  /** Beside the default one, unless one of them is it. */
  readonly gates?: readonly GateRecord[];
  readonly grants?: readonly ReachGrant[];
}

/** A book in memory only, with the rules of the real one. */
export class MemoryBook extends BookView implements TargetBook {
  /** The audit lines of all changes. */
  readonly audit: AuditEntry[] = [];
  /** What the next changes fail with. */
  failure: Error | undefined;
  readonly #callbacks: (() => void)[] = [];

  constructor({ targets = [], profiles = [], gates = [], grants = [] }: BookContents = {}) {
    super();
    if (!gates.some(({ isDefault }) => isDefault)) this.tables.gates.put(firstDefaultGate);
    for (const target of targets) this.tables.targets.put(target);
    for (const profile of profiles) this.tables.profiles.put(profile);
    for (const gate of gates) this.tables.gates.put(gate);
    for (const grant of grants) this.tables.grants.put(grant);
  }

  async change(changes: readonly BookChange[], audit: AuditEntry): Promise<void> {
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    this.tables.install(draftChanges(this.tables, changes));
    this.audit.push(audit);
    for (const callback of this.#callbacks) callback();
  }

  seen(id: string, at: number): void {
    const target = this.target(id);
    if (target !== undefined) this.tables.targets.put({ ...target, lastSeenAt: at });
  }

  onChange(callback: () => void): void {
    this.#callbacks.push(callback);
  }
}

/** The id of a target in tests: the same for the same number, another for each. */
export function targetId(number: number): string {
  return `${number.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
}

/** What the machine below shows. */
export const someHostKey = publicKey().line;

/** A machine of Ana that reported itself from pr-42, unless the test says otherwise. */
export function someTarget(overrides: Partial<TargetRecord> = {}): TargetRecord {
  return {
    ...{ id: targetId(42), name: 'pr-42', env: 'pr-42', owner: 'ana' },
    ...{ hostKeys: [someHostKey], origin: 'reported', machineKey: `SHA256:${'M'.repeat(43)}` },
    ...{ takesCertificates: false, osUsers: [], reach: 'members', services: [] },
    ...{ createdAt: 1000, createdBy: 'ana' },
    ...overrides,
  };
}

/** How Eve reaches that machine. */
export function someProfile(overrides: Partial<ProfileRecord> = {}): ProfileRecord {
  return {
    ...{ id: 'profileprof2', name: 'work', principal: 'eve', target: targetId(42), createdAt: 1000 },
    ...overrides,
  };
}

/** A gate for any key and any target, beside the default one. */
export function someGate(overrides: Partial<GateRecord> = {}): GateRecord {
  return {
    ...{ id: 'gategategat2', name: 'ops', keys: 'any', targets: 'any', isDefault: false },
    ...{ createdAt: 1000, createdBy: 'root' },
    ...overrides,
  };
}

/** What lets Eve reach every machine of pr-*, for ever. */
export function someGrant(overrides: Partial<ReachGrant> = {}): ReachGrant {
  return {
    ...{ id: 'grantgrantg2', principal: 'eve', envPatterns: ['pr-*'], services: [], osUsers: [] },
    ...{ createdAt: 1000, createdBy: 'root' },
    ...overrides,
  };
}
