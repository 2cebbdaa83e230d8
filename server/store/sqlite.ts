import type { DatabaseSync, DatabaseSyncOptions } from 'node:sqlite';

/** Opens a file with Node's own SQLite. Throws what SQLite says: an error with `errcode`, its numeric result code. */
export function openSqlite(path: string, options: DatabaseSyncOptions = {}): DatabaseSync {
  return new sqlite.DatabaseSync(path, options);
}

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
export const resultCodes = {
  busy: 5,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  constraint: 19,
  notADatabase: 26,
} as const;

/** The primary result code that an error carries; undefined for other errors. */
export function sqliteCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/** Runs `load` without the warning of some versions of Node that their SQLite is experimental: users cannot act on that. */
export function withoutSqliteWarning<T>(load: () => T): T {
  const original = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  const emitWarning = process.emitWarning.bind(process) as (...words: unknown[]) => void;
  process.emitWarning = (...words: unknown[]) => {
    if (!isSqliteWarning(words)) emitWarning(...words);
  };
  try {
    return load();
  } finally {
    if (original !== undefined) Object.defineProperty(process, 'emitWarning', original);
  }
}

function isSqliteWarning([warning, type]: readonly unknown[]): boolean {
  return type === 'ExperimentalWarning' && typeof warning === 'string' && warning.startsWith('SQLite is');
}

// Loaded once, and the warning comes with the loading: a static import would be too early.
const sqlite = withoutSqliteWarning(() => process.getBuiltinModule('node:sqlite'));
