import { z } from 'zod';
import { roles } from '../identity/identity.ts';
import type { ImportCheck, KeptImport, KeptImports } from '../identity/kept-import.ts';
import type { Database } from './database.ts';
import type { KeyImportsTable } from './tables.ts';
import { writeFailure } from './write-failure.ts';

/** The imports that are kept in step, in the database. There are few, and they are read when they are needed. */
export class ImportStore implements KeptImports {
  readonly #db: Database['db'];

  constructor({ db }: Pick<Database, 'db'>) {
    this.#db = db;
  }

  /** Ordered by their sources; rows that make no sense are left out. */
  async all(): Promise<readonly KeptImport[]> {
    const rows = await inWords(this.#db.selectFrom('key_imports').selectAll().orderBy('name').execute());
    return rows.flatMap((row) => fromRow(row) ?? []);
  }

  async find(source: string): Promise<KeptImport | undefined> {
    const query = this.#db.selectFrom('key_imports').selectAll().where('name', '=', source);
    const row = await inWords(query.executeTakeFirst());
    return row && fromRow(row);
  }

  async put(kept: KeptImport): Promise<void> {
    await inWords(this.#db.replaceInto('key_imports').values(toRow(kept)).execute());
  }

  async checked(source: string, check: ImportCheck): Promise<void> {
    const query = this.#db.updateTable('key_imports').set(toCheckColumns(check)).where('name', '=', source);
    await inWords(query.execute());
  }

  async remove(source: string): Promise<boolean> {
    const query = this.#db.deleteFrom('key_imports').where('name', '=', source);
    const { numDeletedRows } = await inWords(query.executeTakeFirstOrThrow());
    return numDeletedRows > 0n;
  }
}

async function inWords<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    throw writeFailure(error);
  }
}

function toRow(kept: KeptImport): KeyImportsTable {
  return {
    name: kept.source,
    principal: kept.principal,
    role: kept.role,
    env_patterns: JSON.stringify(kept.envPatterns),
    expires_at: kept.expiresAt ?? null,
    created_at: kept.createdAt,
    created_by: kept.createdBy,
    ...toCheckColumns(kept.check),
  };
}

function toCheckColumns(check: ImportCheck) {
  return {
    checked_at: check.checkedAt ?? null,
    succeeded_at: check.succeededAt ?? null,
    problem: check.problem ?? null,
    problem_since: check.problemSince ?? null,
    absent_since: check.absentSince ?? null,
  };
}

const moment = z.int().min(0).max(8.64e15);
const storedImport = z.object({
  name: z.string().min(1),
  principal: z.string().min(1),
  role: z.enum(roles),
  env_patterns: z.string(),
  expires_at: moment.nullable(),
  created_at: moment,
  created_by: z.string(),
  checked_at: moment.nullable(),
  succeeded_at: moment.nullable(),
  problem: z.string().nullable(),
  problem_since: moment.nullable(),
  absent_since: moment.nullable(),
});
const patterns = z.array(z.string().regex(/^[a-z0-9*?-]+$/u)).max(1000);

/** Undefined for a row that another program has spoiled. */
function fromRow(row: KeyImportsTable): KeptImport | undefined {
  const parsed = storedImport.safeParse(row);
  const envPatterns = patterns.safeParse(parseJson(row.env_patterns));
  if (!parsed.success || !envPatterns.success) return undefined;
  const stored = parsed.data;
  return {
    source: stored.name,
    principal: stored.principal,
    role: stored.role,
    envPatterns: envPatterns.data,
    ...(stored.expires_at !== null && { expiresAt: stored.expires_at }),
    createdAt: stored.created_at,
    createdBy: stored.created_by,
    check: {
      ...(stored.checked_at !== null && { checkedAt: stored.checked_at }),
      ...(stored.succeeded_at !== null && { succeededAt: stored.succeeded_at }),
      ...(stored.problem !== null && { problem: stored.problem }),
      ...(stored.problem_since !== null && { problemSince: stored.problem_since }),
      ...(stored.absent_since !== null && { absentSince: stored.absent_since }),
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
