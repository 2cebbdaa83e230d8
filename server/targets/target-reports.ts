import { PortholeError } from '../../core/errors.ts';
import { parseHostKeys } from '../../core/host-keys.ts';
import type { Log } from '../../core/log.ts';
import type { AuditRecorder } from '../store/audit-entry.ts';
import type { PresentTunnel, TargetPresence } from './presence.ts';
import { planConfirmed, planDoubt, planNew, type PlanFacts, type ReportPlan } from './report-plan.ts';
import { isAsPinned, isOther, judgeClaim, type Shown } from './report-rules.ts';
import { reportEntry, shownDetail } from './report-words.ts';
import type { TargetBook } from './target-book.ts';
import { isTargetId } from './target-names.ts';
import type { TargetRecord } from './target-record.ts';

/** What a machine says of itself, and who says it. */
export interface TargetReport {
  /** The UUID that the machine has made for itself; one is made here, if it has none. */
  readonly id: string | undefined;
  /** What it would like to be called; its environment's name, if nothing else. */
  readonly name: string | undefined;
  readonly osUser: string | undefined;
  /** Lines as of `.pub` files. */
  readonly hostKeys: readonly string[];
  readonly takesCertificates: boolean;
  readonly osUsers: readonly string[];
  readonly longestCertificateMs: number | undefined;
  /** The environment of its connection. */
  readonly env: string;
  /** The principal that the machine dialled in as. */
  readonly owner: string;
  /** The fingerprint of the key that it dialled in with. */
  readonly machineKey: string;
  /** What leads to it; undefined for a report that came by no tunnel. */
  readonly tunnel: PresentTunnel | undefined;
  readonly audit: { readonly principal: string; readonly fingerprint: string; readonly address: string };
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export type ReportOutcome =
  | { readonly kind: 'new' | 'known' | 'moved' | 'unconfirmed'; readonly target: TargetRecord }
  /** `conflict`: another machine is that UUID at this moment; one with a fresh UUID would be taken. */
  | { readonly kind: 'conflict' | 'refused'; readonly reason: string };

export interface TargetReportsOptions {
  readonly book: TargetBook;
  readonly presence: TargetPresence;
  /** Whose environments are. */
  readonly environments: {
    /** Whether the principal could offer a service of this environment now. */
    mayClaim(env: string, owner: string): boolean;
  };
  /** For what changes nothing. */
  readonly audit: AuditRecorder;
  readonly log: Log;
}

/** Reports that wait for their turn: each takes some milliseconds where something changes. */
const maxWaiting = 2000;
const maxHostKeyBytes = 16_384;

/** Takes up what machines say of themselves, one report after the other. */
export class TargetReports {
  readonly #options: TargetReportsOptions;
  /** What was shown over each live tunnel, by its id. */
  readonly #shown = new Map<string, Shown>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(options: TargetReportsOptions) {
    this.#options = options;
  }

  /** Rejects with what the book rejects with, and with `ERR_BUSY`. */
  async report(report: TargetReport): Promise<ReportOutcome> {
    const { id, hostKeys } = report;
    if (id !== undefined && !isTargetId(id)) return refused('the id is no UUID in lower case');
    if (hostKeys.reduce((sum, line) => sum + line.length, 0) > maxHostKeyBytes)
      return refused(`the host keys are longer than ${String(maxHostKeyBytes)} bytes together`);
    const read = parseHostKeys(hostKeys.join('\n'));
    if (!read.ok) return refused(read.problem);
    return this.#inTurn(() => this.#take({ ...report, hostKeys: read.value }));
  }

  async #take(report: TargetReport): Promise<ReportOutcome> {
    const { env, owner } = report;
    if (!this.#options.environments.mayClaim(env, owner))
      return refused(`the environment ${env} is not yours`);
    const target = this.#claimed(report);
    const facts = this.#factsAt(report);
    if (target === undefined) return this.#do(planNew(report, facts), report);
    const others = this.#othersOf(target, report);
    const verdict = judgeClaim(report, { target, others });
    switch (verdict.kind) {
      case 'known':
      case 'moved': {
        const isDisputed = others.some((other) => !isAsPinned(other, target));
        const { kind } = verdict;
        return this.#do(planConfirmed(report, { ...facts, target, kind, isDisputed }), report);
      }
      case 'unconfirmed':
        return this.#do(planDoubt(report, target), report);
      case 'conflict':
      case 'refused':
        this.#noteConflict(target, report, verdict.reason);
        return { kind: verdict.kind, reason: verdict.reason };
    }
  }

  /** A machine that has no id of its own is known by its host keys. */
  #claimed({ id, env, owner, hostKeys }: TargetReport): TargetRecord | undefined {
    const { book } = this.#options;
    if (id !== undefined) return book.target(id);
    return book
      .targetsOf(env)
      .find((target) => target.owner === owner && hostKeys.some((line) => target.hostKeys.includes(line)));
  }

  /** What the other live tunnels have shown, but those of the same machine as this one: a machine may change its keys. */
  #othersOf({ id }: TargetRecord, { tunnel }: TargetReport): readonly Shown[] {
    const before = tunnel === undefined ? undefined : this.#shown.get(tunnel.id);
    return this.#options.presence
      .tunnelsOf(id)
      .filter((other) => other.id !== tunnel?.id)
      .flatMap((other) => this.#shown.get(other.id) ?? [])
      .filter((other) => before === undefined || isOther(other, before));
  }

  #factsAt({ env, owner }: TargetReport): PlanFacts {
    const { book, presence, environments } = this.#options;
    return {
      book,
      isLive: (id) => presence.isLive(id),
      isForeign: (name) => name !== env && !environments.mayClaim(name, owner),
    };
  }

  async #do({ kind, target, write }: ReportPlan, report: TargetReport): Promise<ReportOutcome> {
    const { book, log } = this.#options;
    if (write !== undefined) {
      const { changes, action, name, detail } = write;
      await book.change(changes, reportEntry(report, { action, target: name, detail }));
      const fields = {
        action,
        target: name,
        ...detail,
        principal: report.owner,
        address: report.audit.address,
      };
      if (kind === 'unconfirmed')
        log.warn(fields, 'a machine says what nobody has confirmed: it may be another');
      else log.info(fields, 'a machine has reported itself');
    }
    this.#present(target.id, report);
    book.seen(target.id, report.now);
    return { kind, target: book.target(target.id) ?? target };
  }

  #noteConflict({ id, name }: TargetRecord, report: TargetReport, reason: string): void {
    const { audit, log } = this.#options;
    const detail = { id, env: report.env, reason, ...shownDetail(report) };
    const entry = reportEntry(report, { action: 'target.conflict', target: name, detail });
    audit.record({ ...entry, result: 'refused' });
    log.warn({ target: name, ...detail, principal: report.owner }, 'a machine claims the id of another');
  }

  /** From now on its tunnel, if it is still there, leads to that target. */
  #present(id: string, { tunnel, hostKeys, machineKey }: TargetReport): void {
    if (tunnel?.live !== true) return;
    if (!this.#shown.has(tunnel.id)) void tunnel.closed.then(() => this.#shown.delete(tunnel.id));
    this.#shown.set(tunnel.id, { hostKeys, machineKey });
    this.#options.presence.report(id, tunnel);
  }

  /** Two machines at once must not both find that nobody else has the id, or the name. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= maxWaiting)
      throw new PortholeError('ERR_BUSY', {
        message: 'too many machines report themselves at once; try again shortly',
      });
    this.#waiting += 1;
    const turn = this.#last.then(work).finally(() => {
      this.#waiting -= 1;
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

function refused(reason: string): ReportOutcome {
  return { kind: 'refused', reason };
}
