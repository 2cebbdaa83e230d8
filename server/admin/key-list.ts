import { formatDeadline, formatTime } from '../../core/moment.ts';
import { isUsable, unusedForMs } from '../identity/key-state.ts';
import type { KeyRecord } from '../identity/key-record.ts';
import { answer, type Handlers } from './answer.ts';
import {
  isFido,
  keyColumns,
  keyJson,
  keyRow,
  kindOf,
  lastUse,
  patternsText,
  publicKeyLine,
  stateOf,
  touchText,
  widestText,
  type ReportMoment,
} from './key-report.ts';
import { labelOf, selectKey, visibleKeys } from './key-selection.ts';
import { fileSource, type KeyServices } from './key-services.ts';
import { facts, table } from './table.ts';

/** Keys that are listed at once. */
const maxListed = 10_000;

/** `key list` and `key show`: what is known of keys, for those who may know of them. */
export function keyListHandlers(services: KeyServices): Handlers<'key list' | 'key show'> {
  const { unusedAfterMs } = services;
  return {
    'key list': ({ caller, values, now }) => {
      const { all, principal, unused } = values;
      const wanted = (key: KeyRecord): boolean =>
        (principal === undefined || key.principal === principal) &&
        (unused === undefined || isUnused(key, { now, unused }));
      const known = [...visibleKeys(services, caller)].filter(wanted);
      const shown = all === true ? known : known.filter((key) => isUsable(key, now));
      const listed = shown.sort(inOrder).slice(0, maxListed);
      const moment = { now, unusedAfterMs };
      const limits = listed.some(({ widestAccess }) => widestAccess !== undefined);
      const rows = listed.map((key) => keyRow(key, moment, { limits }));
      const lines = listed.length === 0 ? [] : table([keyColumns({ limits }), ...rows]);
      const notes = notesOf({ listed: listed.length, shown: shown.length, known: known.length });
      return Promise.resolve(
        answer(
          listed.map((key) => keyJson(key, moment)),
          listed.some((key) => key.preferred) ? lines : lines.map((line) => line.slice(2)),
          notes,
        ),
      );
    },
    'key show': ({ caller, values, now }) => {
      const selection = selectKey(services, caller, values.key);
      if (selection.kind === 'refused') return Promise.resolve(selection.answer);
      const moment = { now, unusedAfterMs };
      return Promise.resolve(answer(keyJson(selection.key, moment), keyLines(selection.key, moment)));
    },
  };
}

/** Of a key of the file nobody notes its use. */
function isUnused(key: KeyRecord, { now, unused }: { now: number; unused: number }): boolean {
  return key.source !== fileSource && unusedForMs(key, now) >= unused;
}

/** By principal, the preferred one first, then by name. */
function inOrder(a: KeyRecord, b: KeyRecord): number {
  if (a.principal !== b.principal) return a.principal < b.principal ? -1 : 1;
  if (a.preferred !== b.preferred) return a.preferred ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}

function notesOf({ listed, shown, known }: { listed: number; shown: number; known: number }): string[] {
  const notes: string[] = [];
  if (listed === 0) notes.push('no keys');
  if (shown > listed) notes.push(`${String(shown - listed)} more are not shown: name a --principal`);
  if (known > shown)
    notes.push(
      `${String(known - shown)} expired or revoked: --all shows ${known - shown === 1 ? 'it' : 'them'}`,
    );
  return notes;
}

/** All that is known of a key, for people. */
export function keyLines(key: KeyRecord, { now, unusedAfterMs }: ReportMoment): string[] {
  return [
    labelOf(key),
    ...facts([
      ['fingerprint', key.fingerprint],
      ['type', kindOf(key)],
      ['comment', key.comment === '' ? undefined : key.comment],
      ['role', key.role],
      ['may use', patternsText(key.envPatterns)],
      ['may be', widestText(key)],
      ['state', stateText(key, stateOf(key, { now, unusedAfterMs }))],
      ['expires', key.expiresAt === undefined ? 'never' : expiryText(key.expiresAt, now)],
      ['last used', key.source === fileSource ? undefined : lastUse(key, now)],
      ['preferred', key.preferred ? 'yes' : undefined],
      ['touch', isFido(key) ? touchText(key) : undefined],
      ['source', key.source === fileSource ? "the gateway's file of authorized keys" : key.source],
      ['added', key.createdAt === 0 ? undefined : `${formatTime(key.createdAt)} by ${key.createdBy}`],
      ['key', publicKeyLine(key)],
    ]),
  ];
}

function stateText({ revokedAt, revokedReason }: KeyRecord, state: string): string {
  if (revokedAt === undefined) return state;
  return `${state} ${formatTime(revokedAt)}${revokedReason === undefined ? '' : `: ${revokedReason}`}`;
}

function expiryText(at: number, now: number): string {
  return at <= now ? formatTime(at) : formatDeadline(at, now);
}
