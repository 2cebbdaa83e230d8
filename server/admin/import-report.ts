import { approximately, formatDeadline, formatTime } from '../../core/moment.ts';
import type { ImportReport } from '../identity/key-imports.ts';
import type { ImportTerms, KeptImport } from '../identity/kept-import.ts';
import type { KeyRecord } from '../identity/key-record.ts';
import { answer, type Answer } from './answer.ts';
import { keyJson, kindOf, patternsText } from './key-report.ts';
import { fullName } from './key-selection.ts';
import { facts, short, table } from './table.ts';

export interface ReportContext {
  readonly terms: ImportTerms;
  readonly keep: boolean;
  readonly now: number;
  readonly intervalMs: number;
}

/** What `key import` says that it did. */
export function importAnswer(report: ImportReport, context: ReportContext): Answer {
  const { terms, keep, now, intervalMs } = context;
  const added: readonly KeyRecord[] = report.added.map((key) => ({ ...key, preferred: false }));
  const moment = { now, unusedAfterMs: Infinity };
  const json = (keys: readonly KeyRecord[]): unknown[] => keys.map((key) => keyJson(key, moment));
  const value = {
    source: terms.source,
    principal: terms.principal,
    role: terms.role,
    env: terms.envPatterns,
    expires: isoTime(terms.expiresAt),
    kept: keep,
    added: json(added),
    returned: json(report.returned),
    unchanged: json(report.unchanged),
    revoked: json(report.revoked),
    passedOver: report.passedOver,
    skipped: report.skipped,
    problems: report.problems,
  };
  const lines = [
    ...group('added', added),
    ...group('listed again, and good again', report.returned),
    ...group('revoked, because it lists them no longer', report.revoked),
    ...group('there already', report.unchanged),
    ...facts([
      ['principal', terms.principal],
      ['role', terms.role],
      ['may use', patternsText(terms.envPatterns)],
      [
        'until',
        terms.expiresAt === undefined ? 'revoked: they never expire' : formatDeadline(terms.expiresAt, now),
      ],
      ['in step', keep ? `kept so, every ${approximately(intervalMs)}` : 'not kept so: --keep does'],
    ]),
  ];
  return answer(value, lines, notesOn(report, terms));
}

function group(title: string, keys: readonly KeyRecord[]): string[] {
  if (keys.length === 0) return [];
  return [`${title}:`, ...table(keys.map((key) => [`  ${fullName(key)}`, kindOf(key), key.fingerprint]))];
}

function notesOn({ passedOver, skipped, problems, unchanged }: ImportReport, terms: ImportTerms): string[] {
  const other = unchanged.filter((key) => !isUnder(key, terms)).map(fullName);
  return [
    ...passedOver.map(({ fingerprint, why }) => `not taken: ${fingerprint}: ${why}`),
    ...skipped.map(({ line, problem }) => `not taken: line ${line} of the list: ${problem}`),
    ...problems,
    ...(other.length === 0
      ? []
      : [`as they were before, until you remove them (key rm): ${other.join(', ')}`]),
  ];
}

/** Whether a key that is there has the role, the patterns and the expiry that are asked for now. */
function isUnder(key: KeyRecord, { role, envPatterns, expiresAt }: ImportTerms): boolean {
  const patterns = (list: readonly string[]): string => [...list].sort().join(' ');
  return (
    key.role === role && key.expiresAt === expiresAt && patterns(key.envPatterns) === patterns(envPatterns)
  );
}

export interface KeptRow {
  readonly kept: KeptImport;
  /** Its keys that are not revoked. */
  readonly live: number;
}

/** What `key imports` says. */
export function keptAnswer(
  rows: readonly KeptRow[],
  { now, intervalMs }: { now: number; intervalMs: number },
): Answer {
  const value = rows.map(keptJson);
  if (rows.length === 0) return answer(value, [], ['no account is kept in step']);
  const heading = ['SOURCE', 'PRINCIPAL', 'ROLE', 'ENVS', 'KEYS', 'EXPIRES', 'LAST IN STEP', 'STATE'];
  const lines = table([heading, ...rows.map((row) => keptRow(row, now))]);
  return answer(value, lines, [
    ...rows.flatMap(({ kept }) => problemNote(kept)),
    `each is looked at every ${approximately(intervalMs)}; key import SOURCE does it now`,
  ]);
}

/** Whether a key came from a source that is kept in step, and was not revoked since. */
export function isLiveOf(key: KeyRecord, { source, principal }: KeptImport): boolean {
  return key.source === `import ${source}` && key.principal === principal && key.revokedAt === undefined;
}

function keptJson({ kept, live }: KeptRow) {
  const { source, principal, role, envPatterns, expiresAt, createdAt, createdBy, check } = kept;
  return {
    source,
    principal,
    role,
    env: envPatterns,
    keys: live,
    expires: isoTime(expiresAt),
    created: isoTime(createdAt),
    createdBy,
    checked: isoTime(check.checkedAt),
    inStep: isoTime(check.succeededAt),
    problem: check.problem ?? null,
    problemSince: isoTime(check.problemSince),
  };
}

function keptRow({ kept, live }: KeptRow, now: number): string[] {
  const { source, principal, role, envPatterns, expiresAt, check } = kept;
  const { succeededAt, problem } = check;
  return [
    source,
    short(principal),
    role,
    short(patternsText(envPatterns)),
    String(live),
    expiresAt === undefined ? 'never' : formatTime(expiresAt),
    succeededAt === undefined ? 'never' : `${approximately(Math.max(0, now - succeededAt))} ago`,
    problem === undefined ? 'in step' : 'problem',
  ];
}

function problemNote({ source, check: { problem, problemSince } }: KeptImport): string[] {
  if (problem === undefined) return [];
  return [
    `${source}, since ${problemSince === undefined ? 'a while ago' : formatTime(problemSince)}: ${problem}`,
  ];
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
