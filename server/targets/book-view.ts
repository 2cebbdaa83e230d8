import { BookTables } from './book-tables.ts';
import type { TargetBook } from './target-book.ts';
import type { GateRecord, ProfileRecord, ReachGrant, TargetRecord } from './target-record.ts';

/** Reading a book that is in memory. */
export abstract class BookView implements Omit<TargetBook, 'change' | 'seen' | 'onChange'> {
  protected tables = new BookTables();

  targets(): Iterable<TargetRecord> {
    return this.tables.targets.values();
  }

  target(id: string): TargetRecord | undefined {
    return this.tables.targets.get(id);
  }

  targetNamed(name: string): TargetRecord | undefined {
    return this.tables.targets.named(name);
  }

  targetsOf(env: string): readonly TargetRecord[] {
    return this.tables.targets.of(env);
  }

  profilesOf(principal: string): readonly ProfileRecord[] {
    return this.tables.profiles.of(principal);
  }

  gates(): Iterable<GateRecord> {
    return this.tables.gates.values();
  }

  gate(id: string): GateRecord | undefined {
    return this.tables.gates.get(id);
  }

  gateNamed(name: string): GateRecord | undefined {
    return this.tables.gates.named(name);
  }

  get defaultGate(): GateRecord {
    return this.tables.defaultGate;
  }

  grants(): Iterable<ReachGrant> {
    return this.tables.grants.values();
  }

  grant(id: string): ReachGrant | undefined {
    return this.tables.grants.get(id);
  }

  grantsOf(principal: string): readonly ReachGrant[] {
    return this.tables.grants.of(principal);
  }
}
