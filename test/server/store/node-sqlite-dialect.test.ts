import fc from 'fast-check';
import { Kysely, sql, type Generated } from 'kysely';
import t from 'tap';
import { isStorableText, NodeSqliteDialect } from '../../../server/store/node-sqlite-dialect.ts';
import { openSqlite, sqliteCode } from '../../../server/store/sqlite.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import type { TestScope } from '../../support/scope.ts';

interface Tables {
  readonly person: {
    readonly id: Generated<number>;
    readonly name: string | null;
    readonly size: number | bigint | null;
    readonly key: Uint8Array | null;
  };
  readonly pet: { readonly id: Generated<number>; readonly owner: number };
}

function open(t: Pick<TestScope, 'teardown'>, path = ':memory:', timeout = 0): Kysely<Tables> {
  const db = new Kysely<Tables>({ dialect: new NodeSqliteDialect(openSqlite(path, { timeout })) });
  t.teardown(() => db.destroy());
  return db;
}

async function make(t: Pick<TestScope, 'teardown'>, path?: string): Promise<Kysely<Tables>> {
  const db = open(t, path);
  await db.schema
    .createTable('person')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.unique())
    .addColumn('size', 'integer')
    .addColumn('key', 'blob')
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createTable('pet')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('owner', 'integer', (column) => column.notNull().references('person.id'))
    .execute();
  return db;
}

async function namesIn(db: Kysely<Tables>): Promise<(string | null)[]> {
  const rows = await db.selectFrom('person').select('name').orderBy('id').execute();
  return rows.map((row) => row.name);
}

async function codeOf(action: Promise<unknown>): Promise<number | undefined> {
  return action.then(() => undefined, sqliteCode);
}

t.test('queries: insert, select, update, delete, returning', async (t) => {
  const db = await make(t);
  const inserted = await db
    .insertInto('person')
    .values([{ name: 'a' }, { name: 'b' }])
    .executeTakeFirst();
  t.match(inserted, { insertId: 2n, numInsertedOrUpdatedRows: 2n });
  const returned = await db.insertInto('person').values({ name: 'c' }).returning(['id', 'name']).execute();
  t.same(
    returned.map((row) => ({ ...row })),
    [{ id: 3, name: 'c' }],
  );
  const updated = await db.updateTable('person').set({ size: 1 }).where('id', '<', 3).executeTakeFirst();
  t.equal(updated.numUpdatedRows, 2n);
  const deleted = await db.deleteFrom('person').where('name', '=', 'b').executeTakeFirst();
  t.equal(deleted.numDeletedRows, 1n);
  t.same(await namesIn(db), ['a', 'c']);
  t.equal(await db.selectFrom('person').selectAll().where('id', '=', 99).executeTakeFirst(), undefined);
  const tables = await db.introspection.getTables();
  t.same(
    tables.map((table) => table.name),
    ['person', 'pet'],
  );
});

t.test('values come back as they are', async (t) => {
  const db = await make(t);
  const roundTrip = async (value: {
    name?: string | null;
    size?: number | bigint | null;
  }): Promise<unknown> => {
    await db.deleteFrom('person').execute();
    await db.insertInto('person').values(value).execute();
    return { ...(await db.selectFrom('person').select(['name', 'size']).executeTakeFirst()) };
  };
  await fc.assert(
    fc.asyncProperty(
      fc.option(fc.string({ unit: 'grapheme', maxLength: 50 }).filter(isStorableText)),
      fc.option(fc.maxSafeInteger()),
      async (name, size) => {
        t.strictSame(await roundTrip({ name, size }), { name, size });
      },
    ),
    { numRuns: 200 },
  );
  for (const big of [2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n])
    t.strictSame(await roundTrip({ size: big }), { name: null, size: big });
  await db
    .insertInto('person')
    .values({ id: 7, key: Uint8Array.of(0, 255, 1) })
    .execute();
  const { key } = await db.selectFrom('person').select('key').where('id', '=', 7).executeTakeFirstOrThrow();
  t.same([...(key ?? [])], [0, 255, 1]);
});

t.test('what would come back as something else is refused', async (t) => {
  const db = await make(t);
  for (const name of ['cut\0here', '\ud800', 'half \udfff'])
    await t.rejects(db.insertInto('person').values({ name }).execute(), TypeError, JSON.stringify(name));
  for (const value of [undefined, true, NaN, Infinity, new Date(), { $a: 1 }, ['a'], Symbol('a')])
    await t.rejects(sql`select ${value}`.execute(db), TypeError, typeof value);
  t.same(await namesIn(db), []);
});

t.test('what SQLite refuses is a rejection with its code', async (t) => {
  const db = await make(t);
  await db.insertInto('person').values({ name: 'a' }).execute();
  t.equal(await codeOf(db.insertInto('person').values({ name: 'a' }).execute()), 19, 'a name twice');
  t.equal(await codeOf(db.insertInto('pet').values({ owner: 99 }).execute()), 19, 'a foreign key');
  t.equal(await codeOf(sql`select nonsense`.execute(db)), 1);
  t.same(await namesIn(db), ['a']);
});

t.test('a transaction is all or nothing, and others wait for its end', async (t) => {
  const db = await make(t);
  const failed = db.transaction().execute(async (transaction) => {
    await transaction.insertInto('person').values({ name: 'never' }).execute();
    throw new Error('changed my mind');
  });
  const outside = db.insertInto('person').values({ name: 'outside' }).execute();
  await t.rejects(failed, /changed my mind/u);
  await outside;
  await db.transaction().execute(async (transaction) => {
    await transaction.insertInto('person').values({ name: 'inside' }).execute();
  });
  t.same(await namesIn(db), ['outside', 'inside']);
});

t.test('a transaction that a failure has undone already fails with that failure', async (t) => {
  const db = await make(t);
  const failed = db.transaction().execute(async (transaction) => {
    await sql`rollback`.execute(transaction);
    throw new Error('the disk is full');
  });
  await t.rejects(failed, { message: 'the disk is full' });
});

t.test('a transaction has the write lock from its beginning, one that only reads has none', async (t) => {
  const path = `${scratchDir(t)}/test.db`;
  const first = await make(t, path);
  const second = open(t, path);
  await sql`pragma journal_mode = wal`.execute(first);
  await first.transaction().execute(async () => {
    t.equal(await codeOf(second.transaction().execute(() => Promise.resolve())), 5, 'SQLITE_BUSY');
    t.same(await namesIn(second), [], 'reading goes on');
  });
  await first
    .transaction()
    .setAccessMode('read only')
    .execute(async (reading) => {
      t.same(await namesIn(reading), []);
      await second.transaction().execute(async (writing) => {
        await writing.insertInto('person').values({ name: 'meanwhile' }).execute();
      });
      t.same(await namesIn(reading), [], 'it reads one state of the database');
    });
  t.same(await namesIn(first), ['meanwhile']);
});

t.test('there is no streaming, and nothing after the end', async (t) => {
  const db = await make(t);
  await t.rejects(async () => {
    for await (const row of db.selectFrom('person').selectAll().stream()) t.fail(JSON.stringify(row));
  }, /streaming/u);
  t.same(await namesIn(db), [], 'the connection is free again');
  await db.destroy();
  await t.rejects(namesIn(db));
});
