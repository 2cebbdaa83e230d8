import { install, RecordTable, TableDraft } from './record-table.ts';
import type { GateRecord, ProfileRecord, ReachGrant, TargetRecord } from './target-record.ts';

/** Of the default gate, which every book has. */
export const defaultGateId = 'defaultgate2';

/** What the records become, by their ids; undefined: they are removed. */
export interface BookWrites {
  readonly targets: ReadonlyMap<string, TargetRecord | undefined>;
  readonly profiles: ReadonlyMap<string, ProfileRecord | undefined>;
  readonly gates: ReadonlyMap<string, GateRecord | undefined>;
  readonly grants: ReadonlyMap<string, ReachGrant | undefined>;
}

/** All that a book knows, in memory. */
export class BookTables {
  readonly targets = new RecordTable<TargetRecord>({ unique: ({ name }) => name, group: ({ env }) => env });
  readonly profiles = new RecordTable<ProfileRecord>({
    unique: profileKey,
    group: ({ principal }) => principal,
  });
  readonly gates = new RecordTable<GateRecord>({ unique: ({ name }) => name, group: () => '' });
  readonly grants = new RecordTable<ReachGrant>({
    unique: ({ id }) => id,
    group: ({ principal }) => principal,
  });

  /** Whoever has none of its own comes in by it. One that cannot be read lets nobody in. */
  get defaultGate(): GateRecord {
    for (const gate of this.gates.values()) if (gate.isDefault) return gate;
    return closedGate;
  }

  draft(): BookDraft {
    return new BookDraft(this);
  }

  install(writes: BookWrites): void {
    install(this.targets, writes.targets);
    install(this.profiles, writes.profiles);
    install(this.gates, writes.gates);
    install(this.grants, writes.grants);
  }
}

/** What is about to change of them. */
export class BookDraft {
  readonly targets: TableDraft<TargetRecord>;
  readonly profiles: TableDraft<ProfileRecord>;
  readonly gates: TableDraft<GateRecord>;
  readonly grants: TableDraft<ReachGrant>;

  constructor({ targets, profiles, gates, grants }: BookTables) {
    this.targets = new TableDraft(targets);
    this.profiles = new TableDraft(profiles);
    this.gates = new TableDraft(gates);
    this.grants = new TableDraft(grants);
  }

  get writes(): BookWrites {
    return {
      targets: this.targets.changes,
      profiles: this.profiles.changes,
      gates: this.gates.changes,
      grants: this.grants.changes,
    };
  }
}

/** As it is in a new book: for every member's key, and to every target. */
export const firstDefaultGate: GateRecord = {
  ...{ id: defaultGateId, name: 'default', keys: 'any', targets: 'any', isDefault: true },
  ...{ createdAt: 0, createdBy: 'porthole' },
};

const closedGate: GateRecord = { ...firstDefaultGate, keys: [], targets: [] };

/** No name has a line break. */
function profileKey({ principal, name }: Pick<ProfileRecord, 'principal' | 'name'>): string {
  return `${principal}\n${name}`;
}
