import { chmodSync, closeSync, existsSync, fchownSync, openSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { PortholeError } from '../../core/errors.ts';
import { applicationId, migrate, migrations } from './migrations.ts';
import { NodeSqliteDialect } from './node-sqlite-dialect.ts';
import { openSqlite, resultCodes, sqliteCode } from './sqlite.ts';
import type { Tables } from './tables.ts';

/** The file in the state directory. */
export const databaseName = 'porthole.db';

/** At the start nothing is served yet, and a gateway that is being replaced may be writing. */
const startBusyTimeoutMs = 5000;
/** The event loop stands still for it; a write that did not succeed is tried again. */
const servingBusyTimeoutMs = 50;

/** What the gateway keeps over restarts: `porthole.db` in the state directory, at the newest schema version. */
export interface Database {
  readonly path: string;
  readonly db: Kysely<Tables>;
  /** Idempotent. */
  readonly close: () => Promise<void>;
}

/**
 * Opens the database, and makes it where there is none. Throws `ERR_STATE_DIR` for one that is damaged, of a newer version or not
 * ours, with nothing in it changed. A second process may have it open at the same time.
 */
export async function openDatabase(
  stateDir: string,
  { busyTimeoutMs = startBusyTimeoutMs }: { busyTimeoutMs?: number } = {},
): Promise<Database> {
  const path = join(stateDir, databaseName);
  try {
    makePrivate(path);
    examine(path, busyTimeoutMs);
    return await openForWriting(path, busyTimeoutMs);
  } catch (error) {
    throw databaseError(path, error);
  }
}

/** Everything that SQLite puts beside the file gets the file's mode. */
function makePrivate(path: string): void {
  if (!existsSync(path)) make(path);
  const stat = statSync(path);
  if (stat.isFile() && (stat.mode & 0o077) !== 0) chmodSync(path, 0o600);
}

/** What root makes belongs to whom the directory does: else the gateway's own user could not use it. */
function make(path: string): void {
  const descriptor = openSync(path, 'a', 0o600);
  try {
    const { uid, gid } = statSync(dirname(path));
    if (process.getuid?.() === 0) fchownSync(descriptor, uid, gid);
  } finally {
    closeSync(descriptor);
  }
}

/** Looks before anything writes. A database that was left with a rollback journal cannot be read without that being undone first. */
function examine(path: string, timeout: number): void {
  const file = openSqlite(path, { readOnly: !existsSync(`${path}-journal`), timeout });
  try {
    const problem = problemOf(file);
    if (problem !== undefined) throw stateDirError(path, problem);
  } finally {
    file.close();
  }
}

/** Why a file is not a sound database of ours; undefined for one that is. */
export function problemOf(file: DatabaseSync): string | undefined {
  const version = Number(pragma(file, 'user_version'));
  const isEmpty = version === 0 && file.prepare('select 1 from sqlite_schema').get() === undefined;
  if (pragma(file, 'application_id') !== (isEmpty ? 0 : applicationId)) {
    return 'is the database of another program; move it away, or use another --state-dir';
  }
  if (version > migrations.length) {
    return `was made by a newer portholed (schema ${version}; this one knows ${migrations.length}); install that version or a newer one`;
  }
  const check = pragma(file, 'quick_check(1)');
  return check === 'ok' ? undefined : damaged(String(check));
}

function pragma(file: DatabaseSync, name: string): number | string {
  const [value] = Object.values(file.prepare(`pragma ${name}`).get() ?? {});
  return typeof value === 'number' || typeof value === 'string' ? value : '';
}

async function openForWriting(path: string, timeout: number): Promise<Database> {
  const file = openSqlite(path, { timeout, enableForeignKeyConstraints: true });
  try {
    // Without a flush at each commit: a killed process loses nothing, and a power failure at most the last seconds.
    file.exec('pragma journal_mode = wal; pragma synchronous = normal');
    const db = new Kysely<Tables>({ dialect: new NodeSqliteDialect(file) });
    await migrate(db as Kysely<unknown>);
    file.exec(`pragma busy_timeout = ${servingBusyTimeoutMs}`);
    let closing: Promise<void> | undefined;
    return { path, db, close: () => (closing ??= db.destroy()) };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** What SQLite threw, in words that help: `ERR_STATE_DIR`. */
export function databaseError(path: string, cause: unknown): PortholeError {
  if (cause instanceof PortholeError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  switch (sqliteCode(cause)) {
    case resultCodes.notADatabase:
      return stateDirError(path, `is not a database; ${ways}`, cause);
    case resultCodes.corrupt:
      return stateDirError(path, damaged(reason), cause);
    case resultCodes.busy:
      return stateDirError(path, 'is locked by another program; end that one first', cause);
    case resultCodes.ioError:
    case resultCodes.full:
      return stateDirError(path, `cannot be used: ${reason}; is there space left on the disk?`, cause);
    case resultCodes.cannotOpen:
    case resultCodes.readOnly:
      return stateDirError(path, `cannot be used: ${reason}; may this user read and write it?`, cause);
    default:
      return stateDirError(path, `cannot be used: ${reason}`, cause);
  }
}

const ways =
  'restore it from a backup, or move porthole.db* away to begin without what it knew (which environments there were, and whose)';

function damaged(how: string): string {
  return `is damaged (${how.trim().replaceAll('\n', ' ')}); ${ways}`;
}

function stateDirError(path: string, problem: string, cause?: unknown): PortholeError {
  return new PortholeError('ERR_STATE_DIR', { cause, message: `the database ${path} ${problem}` });
}
