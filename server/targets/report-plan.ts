import { randomUUID } from 'node:crypto';
import type { AuditDetail } from '../store/audit-entry.ts';
import { nameNewTarget, type NameFacts, type NewName } from './new-target.ts';
import { factsToSet, isNotedAlready, newRecord } from './report-facts.ts';
import { fingerprintsOf, shownDetail } from './report-words.ts';
import type { BookChange, TargetBook } from './target-book.ts';
import type { TargetRecord } from './target-record.ts';
import type { TargetReport } from './target-reports.ts';
import { targetToForget } from './target-room.ts';

/** What a report does. */
export interface ReportPlan {
  readonly kind: 'new' | 'known' | 'moved' | 'unconfirmed';
  /** As it is without the changes; a new one as it will be. */
  readonly target: TargetRecord;
  /** Undefined where everything is as it was. */
  readonly write?: {
    readonly changes: readonly BookChange[];
    /** For the audit, with the name that it has then. */
    readonly action: string;
    readonly name: string;
    readonly detail: AuditDetail;
  };
}

export interface PlanFacts extends NameFacts {
  readonly book: Pick<TargetBook, 'targets' | 'targetsOf' | 'targetNamed'>;
}

/** A machine that nobody knows. */
export function planNew(report: TargetReport, facts: PlanFacts): ReportPlan {
  const { env, owner, name: wanted = env, id = randomUUID() } = report;
  const { name, displaced } = nameNewTarget({ id, env, owner, name: wanted }, facts);
  const forgotten = targetToForget(owner, { ...facts, now: report.now });
  const target = newRecord(report, { id, name, predecessor: predecessorOf(report, facts) });
  const detail = {
    ...{ id, env, ...shownDetail(report) },
    ...(displaced !== undefined && { before: displaced.name }),
    ...(forgotten !== undefined && { forgotten: forgotten.name }),
  };
  const changes = [
    ...displacing(displaced),
    ...forgetting(forgotten),
    { kind: 'add-target', target } as const,
  ];
  return { kind: 'new', target, write: { changes, action: 'target.create', name, detail } };
}

export interface ConfirmedFacts extends PlanFacts {
  readonly target: TargetRecord;
  readonly kind: 'known' | 'moved';
  /** Another machine is live as this target, and shows what is not pinned. */
  readonly isDisputed: boolean;
}

/** A machine that shows what is pinned: what it says is so. A name that is its environment's goes with it to another. */
export function planConfirmed(report: TargetReport, facts: ConfirmedFacts): ReportPlan {
  const { target, kind } = facts;
  const { id, env: from, owner } = target;
  const { env } = report;
  const isCleared = target.unconfirmed !== undefined && !facts.isDisputed;
  const named =
    kind === 'moved' && target.name === from
      ? nameNewTarget({ id, env, owner, name: env }, facts)
      : undefined;
  const set = {
    ...factsToSet(target, report),
    ...(kind === 'moved' && { env }),
    ...(named !== undefined && { name: named.name }),
    ...(isCleared && { unconfirmed: undefined }),
  };
  if (Object.keys(set).length === 0) return { kind, target };
  const detail = {
    ...{ id, env, set: Object.keys(set), ...shownDetail(report) },
    ...(kind === 'moved' && { from }),
    ...(named?.displaced !== undefined && { before: named.displaced.name }),
    ...(isCleared && { reason: 'it shows what is pinned again' }),
  };
  const changes = [...displacing(named?.displaced), { kind: 'update-target', id, set } as const];
  const noted = { ...actionOf(kind, isCleared), name: named?.name ?? target.name, detail };
  return { kind, target, write: { changes, ...noted } };
}

/** What is most worth to be known of it. */
function actionOf(kind: 'known' | 'moved', isCleared: boolean): { readonly action: string } {
  if (kind === 'moved') return { action: 'target.moved' };
  return isCleared ? { action: 'target.changed' } : { action: 'target.update' };
}

/** A machine that shows what is not pinned: nothing else of what it says counts until somebody confirms it. */
export function planDoubt(report: TargetReport, target: TargetRecord): ReportPlan {
  const { id, name, env: from } = target;
  const { hostKeys, machineKey, env, now } = report;
  if (isNotedAlready(target, report)) return { kind: 'unconfirmed', target };
  const hasMoved = from !== env;
  const detail = {
    ...{ id, env, ...shownDetail(report) },
    pinnedHostKeys: fingerprintsOf(target.hostKeys),
    ...(target.machineKey !== undefined && { pinnedMachineKey: target.machineKey }),
    ...(hasMoved && { from }),
  };
  const set = { unconfirmed: { hostKeys, machineKey, at: now }, ...(hasMoved && { env }) };
  const changes = [{ kind: 'update-target', id, set } as const];
  return { kind: 'unconfirmed', target, write: { changes, action: 'target.changed', name, detail } };
}

/** The one of the same owner that was last seen there. */
function predecessorOf({ env, owner }: TargetReport, { book }: PlanFacts): TargetRecord | undefined {
  const own = book.targetsOf(env).filter((target) => target.owner === owner);
  return own.toSorted((a, b) => (b.lastSeenAt ?? b.createdAt) - (a.lastSeenAt ?? a.createdAt))[0];
}

function displacing(displaced: NewName['displaced']): BookChange[] {
  if (displaced === undefined) return [];
  return [{ kind: 'update-target', id: displaced.target.id, set: { name: displaced.name } }];
}

function forgetting(target: TargetRecord | undefined): BookChange[] {
  return target === undefined ? [] : [{ kind: 'remove-target', id: target.id }];
}
