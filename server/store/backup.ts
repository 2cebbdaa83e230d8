import { chmodSync, closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { PortholeError } from '../../core/errors.ts';
import { databaseError, databaseName, problemOf } from './database.ts';
import { openSqlite, resultCodes, sqliteCode } from './sqlite.ts';

export interface Backup {
  readonly bytes: number;
  readonly schemaVersion: number;
}

const busyTimeoutMs = 5000;

/**
 * Copies the database of a state directory to a new file that only this user can read: whole, and of one moment, whoever writes to it
 * meanwhile. The copy is checked before it gets its name. Throws `ERR_STATE_DIR` for a database that cannot be copied, and `ERR_CONFLICT`
 * for a file that is there already.
 */
export function backUp(stateDir: string, file: string): Backup {
  const path = join(stateDir, databaseName);
  if (!existsSync(path))
    throw new PortholeError('ERR_STATE_DIR', { message: `there is no database at ${path} to back up` });
  reserve(file);
  const partial = `${file}.partial`;
  try {
    const backup = copy(path, partial);
    renameSync(partial, file);
    return backup;
  } catch (cause) {
    rmSync(partial, { force: true });
    rmSync(file, { force: true });
    throw cause instanceof PortholeError ? cause : cannotWrite(file, cause);
  }
}

/** Nobody else's file is overwritten, not even one that comes at the same moment. */
function reserve(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST')
      throw new PortholeError('ERR_CONFLICT', {
        cause,
        message: `${file} is there already; name a new file`,
      });
    throw cannotWrite(file, cause);
  }
}

function copy(path: string, partial: string): Backup {
  rmSync(partial, { force: true });
  closeSync(openSync(partial, 'wx', 0o600));
  const source = openSource(path);
  try {
    source.prepare('vacuum into ?').run(partial);
  } catch (error) {
    // The rest is about the disk that it was to be written to.
    throw isOfSource(error) ? databaseError(path, error) : error;
  } finally {
    source.close();
  }
  return check(partial);
}

function openSource(path: string): DatabaseSync {
  try {
    return openSqlite(path, { readOnly: true, timeout: busyTimeoutMs });
  } catch (error) {
    throw databaseError(path, error);
  }
}

function isOfSource(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === resultCodes.busy || code === resultCodes.corrupt || code === resultCodes.notADatabase;
}

function check(partial: string): Backup {
  chmodSync(partial, 0o600);
  const file = openSqlite(partial, { readOnly: true });
  try {
    const problem = problemOf(file);
    if (problem !== undefined)
      throw new PortholeError('ERR_STATE_DIR', { message: `the copy of the database ${problem}` });
    const row = file.prepare('pragma user_version').get();
    return { bytes: flush(partial), schemaVersion: Number(row?.['user_version'] ?? 0) };
  } finally {
    file.close();
  }
}

/** Its size, once the disk has all of it. */
function flush(path: string): number {
  const descriptor = openSync(path, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return statSync(path).size;
}

function cannotWrite(file: string, cause: unknown): PortholeError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PortholeError('ERR_STATE_DIR', { cause, message: `cannot write ${file}: ${reason}` });
}
