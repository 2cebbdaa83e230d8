import type { BookDraft, BookTables, BookWrites } from './book-tables.ts';
import { changeGate, type GateChange } from './gate-changes.ts';
import { add, known, remove, tooMany, update } from './table-changes.ts';
import type { BookChange } from './target-book.ts';
import type { ProfileRecord, ReachGrant, TargetRecord } from './target-record.ts';

/** How much a book holds. */
export interface BookLimits {
  readonly targets: number;
  /** Of one principal. */
  readonly targetsPerOwner: number;
  readonly profilesPerPrincipal: number;
  readonly gates: number;
  readonly keysPerGate: number;
  readonly targetsPerGate: number;
  readonly grants: number;
  /** That one principal has given. */
  readonly grantsPerGiver: number;
}

export const bookLimits: BookLimits = {
  targets: 10_000,
  targetsPerOwner: 1_000,
  profilesPerPrincipal: 100,
  gates: 100,
  keysPerGate: 1_000,
  targetsPerGate: 1_000,
  grants: 10_000,
  grantsPerGiver: 1_000,
};

/** What has to be written for all of the changes, one after the other. Throws `ERR_CONFLICT` and `ERR_LIMIT`, in words for whoever asked. */
export function draftChanges(
  tables: BookTables,
  changes: readonly BookChange[],
  limits: BookLimits = bookLimits,
): BookWrites {
  const draft = tables.draft();
  for (const change of changes) apply(draft, change, limits);
  return draft.writes;
}

function apply(draft: BookDraft, change: BookChange, limits: BookLimits): void {
  switch (change.kind) {
    case 'add-target':
      addTarget(draft, change.target, limits);
      break;
    case 'update-target':
      update(draft.targets, change, 'machine');
      break;
    case 'remove-target':
      removeTarget(draft, change.id);
      break;
    case 'add-profile':
      addProfile(draft, change.profile, limits);
      break;
    case 'update-profile':
      if (change.set.target !== undefined) known(draft.targets, change.set.target, 'machine');
      update(draft.profiles, change, 'profile');
      break;
    case 'remove-profile':
      remove(draft.profiles, change.id, 'profile');
      break;
    case 'add-grant':
      addGrant(draft, change.grant, limits);
      break;
    case 'remove-grant':
      remove(draft.grants, change.id, 'grant');
      break;
    default:
      changeGate(draft, change satisfies GateChange, limits);
      break;
  }
}

function addTarget({ targets }: BookDraft, target: TargetRecord, limits: BookLimits): void {
  if (targets.size >= limits.targets)
    throw tooMany(`the gateway keeps ${String(limits.targets)} machines at most: remove some`);
  if (countOf(targets, ({ owner }) => owner === target.owner) >= limits.targetsPerOwner)
    throw tooMany(`one principal has ${String(limits.targetsPerOwner)} machines at most: remove some`);
  add(targets, target, 'machine');
}

/** What goes with it: profiles that lead to it, and its places at gates. */
function removeTarget({ targets, profiles, gates }: BookDraft, id: string): void {
  remove(targets, id, 'machine');
  for (const profile of [...profiles.values()]) if (profile.target === id) profiles.delete(profile.id);
  for (const gate of [...gates.values()]) {
    if (gate.targets !== 'any' && gate.targets.includes(id))
      gates.put({ ...gate, targets: gate.targets.filter((target) => target !== id) });
  }
}

function addProfile({ profiles, targets }: BookDraft, profile: ProfileRecord, limits: BookLimits): void {
  known(targets, profile.target, 'machine');
  if (countOf(profiles, ({ principal }) => principal === profile.principal) >= limits.profilesPerPrincipal)
    throw tooMany(`one principal has ${String(limits.profilesPerPrincipal)} profiles at most: remove some`);
  add(profiles, profile, 'profile');
}

function addGrant({ grants }: BookDraft, grant: ReachGrant, limits: BookLimits): void {
  if (grants.size >= limits.grants)
    throw tooMany(`the gateway keeps ${String(limits.grants)} grants at most: remove some`);
  if (countOf(grants, ({ createdBy }) => createdBy === grant.createdBy) >= limits.grantsPerGiver)
    throw tooMany(`one principal gives ${String(limits.grantsPerGiver)} grants at most: remove some`);
  add(grants, grant, 'grant');
}

function countOf<T>(table: { values(): Iterable<T> }, counts: (record: T) => boolean): number {
  let count = 0;
  for (const record of table.values()) if (counts(record)) count += 1;
  return count;
}
