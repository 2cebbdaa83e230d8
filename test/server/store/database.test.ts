import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import t from 'tap';
import { PortholeError } from '../../../core/errors.ts';
import { openDatabase, type Database } from '../../../server/store/database.ts';
import { openSqlite } from '../../../server/store/sqlite.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import type { TestScope } from '../../support/scope.ts';

const databaseFile = fileURLToPath(new URL('../../../server/store/database.ts', import.meta.url));
const modeOf = (path: string): number => statSync(path).mode & 0o777;
const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

async function open(t: Pick<TestScope, 'teardown'>, dir: string): Promise<Database> {
  const database = await openDatabase(dir);
  t.teardown(() => database.close());
  return database;
}

async function note(database: Database, name: string): Promise<void> {
  const times = { since: 1, last_seen_at: 2, online: 0, epoch: 1 };
  await database.db
    .insertInto('environments')
    .values({ name, owner: 'someone', state: 'offline', services: '[]', ...times })
    .execute();
}

async function namesIn(database: Database): Promise<string[]> {
  const rows = await database.db.selectFrom('environments').select('name').orderBy('name').execute();
  return rows.map((row) => row.name);
}

/** A database with a few pages in it, closed. */
async function made(t: Pick<TestScope, 'teardown'>): Promise<{ dir: string; path: string }> {
  const dir = scratchDir(t);
  const database = await openDatabase(dir);
  for (let i = 0; i < 300; i += 1) await note(database, `env-${i}`);
  await database.close();
  return { dir, path: database.path };
}

/** The message with which opening fails; the file is what it was. */
async function refusal(t: Pick<TestScope, 'teardown'>, dir: string): Promise<string> {
  const path = join(dir, 'porthole.db');
  const before = digest(path);
  const error: unknown = await open(t, dir).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PortholeError) || error.code !== 'ERR_STATE_DIR')
    throw new Error('it was opened', { cause: error });
  if (digest(path) !== before) throw new Error('the file was changed');
  if (!error.message.includes(path) || error.message.includes('\n')) throw new Error(error.message);
  return error.message;
}

t.test('it is made when there is none, for its owner only, and is there again', async (t) => {
  const dir = scratchDir(t);
  const first = await open(t, dir);
  t.equal(first.path, join(dir, 'porthole.db'));
  await note(first, 'pr-1');
  for (const file of readdirSync(dir)) t.equal(modeOf(join(dir, file)), 0o600, file);
  t.same(readdirSync(dir).sort(), ['porthole.db', 'porthole.db-shm', 'porthole.db-wal']);
  await first.close();
  await first.close();
  t.same(readdirSync(dir), ['porthole.db'], 'everything is in the one file after a close');
  chmodSync(first.path, 0o644);
  const second = await open(t, dir);
  t.equal(modeOf(second.path), 0o600, 'one that others could read is theirs no more');
  t.same(await namesIn(second), ['pr-1']);
});

t.test('how it is opened', async (t) => {
  const { db } = await open(t, scratchDir(t));
  const setting = async (name: string): Promise<unknown> => {
    const { rows } = await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(db);
    return Object.values(rows[0] ?? {})[0];
  };
  t.equal(await setting('journal_mode'), 'wal');
  t.equal(await setting('synchronous'), 1);
  t.equal(await setting('foreign_keys'), 1);
  t.ok(Number(await setting('busy_timeout')) > 0);
  t.ok(Number(await setting('busy_timeout')) <= 100, 'the event loop waits no longer');
});

t.test('two may have it open at once', async (t) => {
  const dir = scratchDir(t);
  const [first, second] = [await open(t, dir), await open(t, dir)];
  await note(first, 'a');
  await note(second, 'b');
  t.same(await namesIn(first), ['a', 'b']);
  await first.close();
  await note(second, 'c');
  t.same(await namesIn(second), ['a', 'b', 'c']);
});

t.test('a file of length nothing is a new database', async (t) => {
  const dir = scratchDir(t);
  writeFileSync(join(dir, 'porthole.db'), '');
  t.same(await namesIn(await open(t, dir)), []);
});

t.test('a file that is no database', async (t) => {
  const dir = scratchDir(t);
  writeFileSync(join(dir, 'porthole.db'), 'What I wanted to remember.\n'.repeat(400));
  t.match(await refusal(t, dir), /is not a database; restore it from a backup, or move porthole\.db\* away/u);
  t.same(readdirSync(dir), ['porthole.db']);
});

t.test('a database of another program', async (t) => {
  const dir = scratchDir(t);
  const other = openSqlite(join(dir, 'porthole.db'));
  other.exec('create table bookmarks (url text)');
  other.close();
  t.match(await refusal(t, dir), /another program/u);
  const named = scratchDir(t);
  const second = openSqlite(join(named, 'porthole.db'));
  second.exec('pragma application_id = 252006675; create table t (a)');
  second.close();
  t.match(await refusal(t, named), /another program/u);
});

t.test('a database of a newer version', async (t) => {
  const { dir, path } = await made(t);
  const newer = openSqlite(path);
  newer.exec('pragma user_version = 4711');
  newer.close();
  t.match(await refusal(t, dir), /newer portholed \(schema 4711; this one knows \d+\)/u);
});

t.test('a damaged database, with and without changes that were not yet moved into it', async (t) => {
  const { dir, path } = await made(t);
  damage(path);
  t.match(await refusal(t, dir), /is damaged \(.+\); restore it/u);
  const killed = await made(t);
  await writeAndDie(killed.dir);
  t.ok(statSync(`${killed.path}-wal`).size > 0);
  const rest = digest(`${killed.path}-wal`);
  damage(killed.path);
  t.match(await refusal(t, killed.dir), /is damaged/u);
  t.equal(digest(`${killed.path}-wal`), rest);
});

t.test('a process that is killed loses nothing', async (t) => {
  const { dir, path } = await made(t);
  await writeAndDie(dir);
  t.ok(existsSync(`${path}-wal`));
  t.ok((await namesIn(await open(t, dir))).includes('written-before-the-end'));
});

t.test('a change that was cut off is undone', async (t) => {
  const { dir, path } = await made(t);
  await runAndDie(
    `const file = new (await import('node:sqlite')).DatabaseSync(process.argv[2]);
     file.exec("pragma journal_mode = delete; pragma cache_size = 1; begin; update environments set owner = 'half done'");`,
    path,
  );
  t.ok(existsSync(`${path}-journal`));
  const { db } = await open(t, dir);
  const owners = await db.selectFrom('environments').select('owner').distinct().execute();
  t.same(
    owners.map(({ owner }) => owner),
    ['someone'],
  );
});

t.test('what belonged to a database that was moved away is not taken for part of a new one', async (t) => {
  const { dir, path } = await made(t);
  await writeAndDie(dir);
  rmSync(path);
  const database = await open(t, dir);
  t.same(await namesIn(database), []);
  await note(database, 'new');
  await database.close();
  t.same(await namesIn(await open(t, dir)), ['new']);
});

t.test('what SQLite cannot open or write', async (t) => {
  const directory = scratchDir(t);
  mkdirSync(join(directory, 'porthole.db'));
  const failed = /the database .*porthole\.db cannot be used: /u;
  await t.rejects(openDatabase(directory), { code: 'ERR_STATE_DIR', message: failed });
  const blocked = scratchDir(t);
  mkdirSync(join(blocked, 'porthole.db-wal'));
  await t.rejects(openDatabase(blocked), { code: 'ERR_STATE_DIR', message: failed });
  await t.rejects(openDatabase('/nowhere/at/all'), { code: 'ERR_STATE_DIR', message: failed });
});

t.test('one that another program locks', async (t) => {
  const { dir, path } = await made(t);
  const other = openSqlite(path);
  t.teardown(() => {
    other.close();
  });
  other.exec('pragma journal_mode = delete; begin exclusive');
  await t.rejects(openDatabase(dir, { busyTimeoutMs: 20 }), { message: /is locked by another program/u });
  other.exec('commit');
  t.equal((await namesIn(await open(t, dir))).length, 300);
});

/** Writes over the pages behind the first. */
function damage(path: string): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(statSync(path).size - 4096, 0xa5), 0, undefined, 4096);
  closeSync(file);
}

/** Another process writes a row, and is killed. */
function writeAndDie(dir: string): Promise<void> {
  const row = {
    ...{ name: 'written-before-the-end', owner: 'o', state: 'ready', since: 1 },
    ...{ last_seen_at: 1, online: 1, services: '[]', epoch: 1 },
  };
  return runAndDie(
    `const { openDatabase } = await import(process.argv[1]);
     const { db } = await openDatabase(process.argv[2]);
     await db.insertInto('environments').values(${JSON.stringify(row)}).execute();`,
    dir,
  );
}

async function runAndDie(script: string, path: string): Promise<void> {
  const words = ['--input-type=module', '-e', `${script} process.kill(process.pid, 'SIGKILL');`];
  const child = spawn(process.execPath, [...words, databaseFile, path], { stdio: 'inherit' });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (signal !== 'SIGKILL') throw new Error(`it ended with ${String(code)}`);
}

t.test('the file belongs to whom the directory does, whoever makes it', async (t) => {
  const dir = scratchDir(t);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(dir, 12_345, 12_346);
  const database = await open(t, dir);
  await note(database, 'pr-1');
  const owner = statSync(dir).uid;
  for (const file of readdirSync(dir)) t.equal(statSync(join(dir, file)).uid, owner, file);
});
