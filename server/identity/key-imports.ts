import { PortholeError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Fetched } from './fetch-listing.ts';
import {
  differenceOf,
  importedFrom,
  type Difference,
  type KnownKeys,
  type PassedOver,
} from './import-difference.ts';
import { storeReleased } from '../store/write-failure.ts';
import { brings, bringsNothing, checkAfter, whyNothingNew } from './import-judgement.ts';
import { parseImportSource, type ImportSource } from './import-source.ts';
import {
  additionStep,
  newKeys,
  revocationStep,
  withoutAdditions,
  type ImportActor,
  type StepOptions,
} from './import-steps.ts';
import { readListing, type Listing, type SkippedLine } from './key-listing.ts';
import type { KeyRecord, Keys, NewKey } from './key-record.ts';
import type { ImportCheck, ImportTerms, KeptImport, KeptImports } from './kept-import.ts';

export interface KeyImportsOptions {
  readonly keys: Pick<Keys, 'all' | 'byFingerprint' | 'ofPrincipal' | 'change'>;
  readonly inFile: KnownKeys['inFile'];
  readonly kept: KeptImports;
  readonly log: Log;
  /** Never rejects. */
  readonly fetch: (url: string, signal: AbortSignal) => Promise<Fetched>;
  readonly now?: () => number;
}

export interface ImportRequest {
  readonly source: ImportSource;
  readonly terms: ImportTerms;
  /** Keep them in step from now on. */
  readonly keep: boolean;
  readonly by: ImportActor;
}

/** What an import did. */
export interface ImportReport {
  readonly added: readonly NewKey[];
  /** Listed again after they were not. */
  readonly returned: readonly KeyRecord[];
  readonly unchanged: readonly KeyRecord[];
  readonly revoked: readonly KeyRecord[];
  readonly passedOver: readonly PassedOver[];
  readonly skipped: readonly SkippedLine[];
  /** What it could not do. */
  readonly problems: readonly string[];
}

export type ImportOutcome =
  | { readonly kind: 'imported'; readonly report: ImportReport }
  /** Nothing was changed. */
  | { readonly kind: 'failed'; readonly problem: string };

const maxKept = 500;

/** The keys of accounts elsewhere: imported when somebody asks for it, and kept in step where that was asked for. One at a time. */
export class KeyImports {
  readonly #options: Required<KeyImportsOptions>;
  readonly #ending = new AbortController();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: KeyImportsOptions) {
    this.#options = { now: Date.now, ...options };
  }

  /** The imports that are kept in step. Rejects with `ERR_STORE_UNAVAILABLE`. */
  all(): Promise<readonly KeptImport[]> {
    return this.#options.kept.all();
  }

  /** The one of that source that is kept in step. Rejects with `ERR_STORE_UNAVAILABLE`. */
  find(source: string): Promise<KeptImport | undefined> {
    return this.#options.kept.find(source);
  }

  /**
   * Imports the keys that a source lists now. Without `keep` nothing is revoked. Rejects with the codes of `Keys.change`; what was done before
   * stays, and doing it again goes on there.
   */
  import(request: ImportRequest): Promise<ImportOutcome> {
    return this.#inTurn(() => this.#import(request));
  }

  /** Keeps a source in step no longer; its keys stay. Gives whether it was. Rejects with `ERR_STORE_UNAVAILABLE`. */
  stop(source: string): Promise<boolean> {
    return this.#inTurn(() => {
      if (this.#ending.signal.aborted) throw storeReleased();
      return this.#options.kept.remove(source);
    });
  }

  /** Looks at a source that is kept in step, and does what follows from it. Rejects with the codes of `Keys.change`. */
  check(source: string): Promise<void> {
    return this.#inTurn(async () => {
      const kept = this.#ending.signal.aborted ? undefined : await this.#options.kept.find(source);
      if (kept !== undefined) await this.#check(kept);
    });
  }

  /** From now on nothing is fetched. Idempotent. */
  close(): void {
    this.#ending.abort();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #import({ source, terms, keep, by }: ImportRequest): Promise<ImportOutcome> {
    const { kept, now } = this.#options;
    const before = await kept.find(source.name);
    if (keep && before === undefined && (await kept.all()).length >= maxKept)
      return failed(`${maxKept} accounts are kept in step already`);
    const fetched = await this.#options.fetch(source.url, this.#ending.signal);
    if (this.#ending.signal.aborted) throw storeReleased();
    const listing = this.#read(fetched);
    if (!listing.ok) return failed(listing.problem);
    const difference = this.#compare(terms, listing);
    if (before === undefined && !brings(difference))
      return failed(bringsNothing(source, difference, listing));
    const step = { terms, label: source.label, by, asked: { keep }, now: now() };
    const report = await this.#apply(keep ? difference : { ...difference, vanished: [] }, step, listing);
    if (keep)
      await kept.put({
        ...terms,
        createdAt: before?.createdAt ?? now(),
        check: checkAfter(report.problems, now(), before?.check),
      });
    return { kind: 'imported', report };
  }

  async #check(before: KeptImport): Promise<void> {
    const { kept, fetch, now } = this.#options;
    const source = parseImportSource(before.source);
    if (!source.ok) return;
    const fetched = await fetch(source.value.url, this.#ending.signal);
    if (this.#ending.signal.aborted) return;
    const problems = await this.#follow(before, source.value, fetched).catch(problemsOf);
    const check = checkAfter(problems, now(), before.check);
    const absentSince = before.check.absentSince ?? (fetched.kind === 'absent' ? now() : undefined);
    await kept.checked(before.source, { ...check, ...(absentSince !== undefined && { absentSince }) });
    this.#tell(before, check);
  }

  /** Does what follows from an answer; gives what it could not do. */
  async #follow(before: KeptImport, source: ImportSource, fetched: Fetched): Promise<readonly string[]> {
    const listing = this.#read(fetched);
    if (!listing.ok) return [listing.problem];
    const now = this.#options.now();
    const difference = this.#compare(before, listing);
    const distrust = brings(difference, 'new') ? whyNothingNew(before, now) : undefined;
    const step = { terms: before, label: source.label, by: { principal: importedFrom(source.name) }, now };
    const wanted = distrust === undefined ? difference : withoutAdditions(difference);
    const { problems } = await this.#apply(wanted, step, listing);
    return distrust === undefined ? problems : [distrust, ...problems];
  }

  #read(fetched: Fetched): Listing {
    return fetched.kind === 'listing' ? readListing(fetched.text) : { ok: false, problem: fetched.problem };
  }

  #compare({ source, principal }: ImportTerms, { keys }: { keys: Difference['missing'] }): Difference {
    return differenceOf({ source, principal, listed: keys }, this.#options);
  }

  async #apply(
    difference: Difference,
    step: StepOptions,
    { skipped }: { skipped: readonly SkippedLine[] },
  ): Promise<ImportReport> {
    const { keys } = this.#options;
    const { missing, returned, unchanged, passedOver, vanished } = difference;
    const added = newKeys(missing, step, keys);
    // What somebody asked for is noted, though nothing came of it.
    if (added.length + returned.length > 0 || step.asked !== undefined) {
      const { changes, audit } = additionStep(added, returned, step);
      await keys.change(changes, audit);
    }
    const { revoked, problems } = await this.#revoke(vanished, step);
    const again = returned.flatMap(({ fingerprint }) => keys.byFingerprint(fingerprint) ?? []);
    return { added, returned: again, unchanged, revoked, passedOver, skipped, problems };
  }

  async #revoke(
    vanished: readonly KeyRecord[],
    step: StepOptions,
  ): Promise<{ revoked: KeyRecord[]; problems: string[] }> {
    const revoked: KeyRecord[] = [];
    const problems: string[] = [];
    for (const key of vanished) {
      const { changes, audit } = revocationStep(key, step);
      try {
        await this.#options.keys.change(changes, audit);
        revoked.push(key);
      } catch (error) {
        if (!(error instanceof PortholeError) || error.code !== 'ERR_CONFLICT') throw error;
        problems.push(`${key.principal}/${key.name} is no longer listed, and stays: ${error.message}`);
      }
    }
    return { revoked, problems };
  }

  /** Once for each problem, not at each look. */
  #tell({ source, check: before }: KeptImport, { problem }: ImportCheck): void {
    const { log } = this.#options;
    if (problem === before.problem) return;
    if (problem === undefined) log.info({ source }, 'the keys of an account are in step again');
    else log.warn({ source, problem }, 'the keys of an account are not in step');
  }
}

/** What cannot be written at all cannot be noted either. */
function problemsOf(error: unknown): readonly string[] {
  if (error instanceof PortholeError && error.code !== 'ERR_STORE_UNAVAILABLE') return [error.message];
  throw error;
}

function failed(problem: string): ImportOutcome {
  return { kind: 'failed', problem };
}
