import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql, type Kysely, type Selectable, type SelectQueryBuilder } from 'kysely';
import type { AuditEntry, AuditLine, AuditQuery } from './audit-entry.ts';
import { fromAuditRow, toAuditRow } from './audit-row.ts';
import type { AuditTable, Tables } from './tables.ts';

/** Rows of one statement: SQLite takes at most 32766 values. */
const rowsPerInsert = 500;
/** Rows that are read in one turn. */
const rowsPerPage = 1000;

/** Adds lines to the audit, in the order given. For what must be noted if and only if it is done, call it in that transaction. */
export async function insertAudit(db: Kysely<Tables>, entries: readonly AuditEntry[]): Promise<void> {
  for (let from = 0; from < entries.length; from += rowsPerInsert) {
    const rows = entries.slice(from, from + rowsPerInsert).map(toAuditRow);
    await db.insertInto('audit').values(rows).execute();
  }
}

/** The newest lines that match, the oldest of them first. However many lines there are, others have their turns meanwhile. */
export async function selectAudit(db: Kysely<Tables>, query: AuditQuery): Promise<readonly AuditLine[]> {
  const found: Selectable<AuditTable>[] = [];
  let last: Selectable<AuditTable> | undefined;
  for (;;) {
    const page = await pageBefore(db, query, last);
    found.push(...page.filter(({ action }) => isOf(action, query.action)));
    last = page.at(-1);
    if (last === undefined || page.length < rowsPerPage || found.length >= query.limit) break;
    await nextTurn();
  }
  return found.slice(0, query.limit).reverse().map(fromAuditRow);
}

/** By time and not by id: repeats are noted later than what they are of. Each filter here has its index. */
function pageBefore(
  db: Kysely<Tables>,
  { sinceMs, principal }: AuditQuery,
  last: Selectable<AuditTable> | undefined,
): Promise<Selectable<AuditTable>[]> {
  let page = db
    .selectFrom('audit')
    .selectAll()
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(rowsPerPage);
  if (sinceMs !== undefined) page = page.where('at', '>=', sinceMs);
  if (principal !== undefined) page = page.where('principal', '=', principal);
  if (last !== undefined) {
    const { at, id } = last;
    page = page.where((eb) => eb(eb.refTuple('at', 'id'), '<', eb.tuple(at, id)));
  }
  return page.execute();
}

function isOf(action: string, wanted: string | undefined): boolean {
  return wanted === undefined || action === wanted || action.startsWith(`${wanted}.`);
}

export interface AuditPruneOptions {
  /** Lines from before this moment go. */
  readonly before: number;
  /** The oldest over this number go. */
  readonly maxLines: number;
  /** The same of those about strangers who were refused: whoever can make many of them cannot push out the others. */
  readonly maxStrangerLines: number;
  /** Lines that are younger than this moment stay, however many. */
  readonly youngSince: number;
  /** Lines that go in one turn. */
  readonly limit: number;
}

/** Removes some of the lines that are old or too many; gives how many. */
export async function pruneAudit(db: Kysely<Tables>, options: AuditPruneOptions): Promise<number> {
  const { before, maxLines, maxStrangerLines, youngSince, limit } = options;
  const all = db.selectFrom('audit');
  const strangers = all.where('principal', 'is', null).where('result', '=', 'refused');
  const surplus = Math.min(limit, Math.max(0, (await countOf(all)) - maxLines));
  const surplusStrangers = Math.min(limit, Math.max(0, (await countOf(strangers)) - maxStrangerLines));
  const old = all.select('id').where('at', '<', Math.min(before, youngSince)).limit(limit);
  const [result] = await db
    .deleteFrom('audit')
    .where('at', '<', youngSince)
    .where((eb) =>
      eb.or([
        eb('id', 'in', old),
        eb('id', 'in', all.select('id').orderBy('at').limit(surplus)),
        eb('id', 'in', strangers.select('id').orderBy('at').limit(surplusStrangers)),
      ]),
    )
    .execute();
  return Number(result?.numDeletedRows ?? 0);
}

async function countOf(lines: SelectQueryBuilder<Tables, 'audit', object>): Promise<number> {
  const counted = await lines.select(sql<number>`count(*)`.as('count')).executeTakeFirst();
  return counted?.count ?? 0;
}
