import { Backoff, type BackoffOptions } from '../../core/backoff.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { Latch } from '../../core/lifecycle.ts';
import type { ExecResult } from '../remote-command.ts';
import type { TargetEvent } from '../report.ts';
import type { Settled } from '../session.ts';
import type { HostKeyScan } from './host-key-scan.ts';
import type { HostKeys } from './host-keys.ts';
import type { KnownIds } from './known-ids.ts';
import { Rest } from './rest.ts';
import { isSshService } from './ssh-server-offer.ts';
import { type MachineFacts, readReportAnswer, type ReportAnswer, reportLine } from './target-report.ts';

/** A live connection, as far as a report needs it. */
export interface ReportingSession {
  readonly settled: Settled;
  readonly closed: Promise<unknown>;
  /** Another connection takes its place. */
  readonly draining: Promise<unknown>;
  /** Undefined when there was no answer. */
  run(command: string, stdin: string): Promise<ExecResult | undefined>;
}

export interface TargetReporterOptions {
  readonly hostKeys: Pick<HostKeys, 'last' | 'read' | 'recheck' | 'forget'>;
  readonly ids: KnownIds;
  /** All that is said of the machine with this id. Asked before each report. */
  readonly facts: (id: string) => MachineFacts;
  readonly tell: (event: TargetEvent) => void;
  /** How often host keys that were reported are looked at again. */
  readonly recheckMs: number;
  /** The delays after a report that came to nothing. */
  readonly retry: BackoffOptions;
}

/** What one connection has reported. */
interface Reported {
  /** Undefined as long as it has reported nothing. */
  keys: string | undefined;
  /** The host keys were looked at since it began. */
  hasLooked: boolean;
  /** Nothing is to be expected of saying the same again. */
  isSettled: boolean;
  readonly retry: Backoff;
}

/** What the same report may be answered with another time: somebody confirms it, the other machine goes. */
const mayChange: readonly ReportAnswer['kind'][] = ['later', 'unconfirmed', 'conflict'];

/**
 * Tells the gateway who the machine is whose SSH server is offered: over each live connection, after its forwards stand, and again when
 * the host keys change. None of its failures ends a connection.
 */
export class TargetReporter {
  readonly #options: TargetReporterOptions;
  readonly #closed = new Latch<undefined>();
  readonly #rest = new Rest();
  #running: Promise<unknown> = Promise.resolve();
  #told = '';

  constructor(options: TargetReporterOptions) {
    this.#options = options;
  }

  /** Reports over this connection, for as long as it serves. */
  watch(session: ReportingSession): void {
    void this.#follow(session);
  }

  /** The SSH server listens, after it did not. */
  listening(): void {
    this.#options.hostKeys.forget();
    this.#rest.wake();
  }

  close(): void {
    this.#closed.settle(undefined);
  }

  async #follow(session: ReportingSession): Promise<void> {
    const over = new AbortController();
    for (const end of [session.closed, session.draining, this.#closed.promise])
      void end.then(() => over.abort());
    const retry = new Backoff(this.#options.retry);
    const reported: Reported = { keys: undefined, hasLooked: false, isSettled: false, retry };
    while (!over.signal.aborted) {
      const pauseMs = await this.#round(session, reported, () => over.signal.aborted);
      await this.#rest.for(pauseMs, over.signal);
    }
  }

  /** Looks at the host keys, and reports them unless that was done. Gives how long to wait then. */
  async #round(session: ReportingSession, reported: Reported, isOver: () => boolean): Promise<number> {
    const { recheckMs } = this.#options;
    const seen = await this.#look(reported);
    const stands = session.settled.open.some(({ offer }) => isSshService(offer));
    if (isOver() || !stands) return recheckMs;
    if (seen.kind !== 'keys') {
      // That nothing listens is told of each service.
      if (seen.kind === 'mute') this.#tell(problem('ssh-server', seen.reason));
      return reported.retry.next();
    }
    const keys = seen.keys.join('\n');
    if (keys === reported.keys && reported.isSettled) return recheckMs;
    const answer = await this.#inTurn(() => this.#report(session, seen.keys));
    if (isOver()) return recheckMs;
    this.#tellAnswer(answer, seen.keys);
    reported.keys = keys;
    reported.isSettled = !mayChange.includes(answer.kind);
    if (answer.kind === 'later') return reported.retry.next();
    reported.retry.reset();
    return reported.hasLooked ? recheckMs : 0;
  }

  /** What was seen last is reported at once: a connection that takes another's place must not make people wait for the look. */
  async #look(reported: Reported): Promise<HostKeyScan> {
    const { hostKeys } = this.#options;
    const { last } = hostKeys;
    if (reported.keys === undefined && last !== undefined) return { kind: 'keys', keys: last };
    const seen = await (reported.hasLooked ? hostKeys.recheck() : hostKeys.read());
    reported.hasLooked = true;
    return seen;
  }

  /** One after the other: when the first needs a new id, the others already have it. */
  #inTurn<T>(report: () => Promise<T>): Promise<T> {
    const next = this.#running.then(report);
    this.#running = next;
    return next;
  }

  async #report(session: ReportingSession, keys: readonly string[]): Promise<ReportAnswer> {
    const { ids, facts } = this.#options;
    const { env } = session.settled;
    const id = ids.of(env);
    if (id.problem !== undefined) this.#tell(problem('id', id.problem));
    const line = reportLine(facts(id.uuid));
    const stdin = keys.map((key) => `${key}\n`).join('');
    const answer = readReportAnswer(await session.run(line, stdin).catch(() => undefined));
    if (answer.kind === 'conflict' && ids.renew(env)) {
      this.#tell(problem('conflict', answer.reason));
      return this.#report(session, keys);
    }
    return answer;
  }

  #tellAnswer(answer: ReportAnswer, keys: readonly string[]): void {
    switch (answer.kind) {
      case 'new':
      case 'known':
      case 'moved':
      case 'unconfirmed': {
        const { id, name, env, hostKeys } = answer.target;
        const isUnpinned = (key: string): boolean => answer.kind === 'unconfirmed' && !hostKeys.includes(key);
        const unpinned = keys.filter(isUnpinned).map(fingerprintOf);
        const told = { id, name, env, hostKeys: keys.map(fingerprintOf), unpinned };
        this.#tell({ event: 'target', state: answer.kind, ...told });
        return;
      }
      case 'unsupported':
        this.#tell(problem('unsupported', 'this gateway is too old to know machines by their host keys'));
        return;
      case 'conflict':
      case 'refused':
      case 'later':
        this.#tell(problem(answer.kind, answer.reason));
    }
  }

  /** What was said last is not said again; that a machine is no longer new is no news. */
  #tell(event: TargetEvent): void {
    const isTrouble = event.event === 'target-problem' || event.state === 'unconfirmed';
    const text = JSON.stringify(isTrouble ? event : { ...event, state: '' });
    if (text === this.#told) return;
    this.#told = text;
    this.#options.tell(event);
  }
}

function problem(state: (TargetEvent & { event: 'target-problem' })['state'], reason: string): TargetEvent {
  return { event: 'target-problem', state, reason };
}

function fingerprintOf(line: string): string {
  return fingerprint(Buffer.from(line.split(' ')[1] ?? '', 'base64'));
}
