import { Kysely } from 'kysely';
import t from 'tap';
import { migrate, migrations, schemaVersion, type Migration } from '../../../server/store/migrations.ts';
import { NodeSqliteDialect } from '../../../server/store/node-sqlite-dialect.ts';
import type { Tables } from '../../../server/store/tables.ts';
import { defaultGateId } from '../../../server/targets/book-tables.ts';
import { openSqlite } from '../../../server/store/sqlite.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import type { TestScope } from '../../support/scope.ts';

function open(t: Pick<TestScope, 'teardown'>, path = ':memory:'): Kysely<unknown> {
  const dialect = new NodeSqliteDialect(openSqlite(path, { timeout: 1000 }));
  const db = new Kysely<unknown>({ dialect });
  t.teardown(() => db.destroy());
  return db;
}

async function tablesOf(db: Kysely<unknown>): Promise<string[]> {
  return (await db.introspection.getTables()).map((table) => table.name).sort();
}

const adds =
  (table: string): Migration =>
  (db) =>
    db.schema.createTable(table).addColumn('id', 'integer').execute();

t.test('a new database gets all of them, an old one what is missing, a newer one nothing', async (t) => {
  const db = open(t);
  await migrate(db, [adds('first')]);
  t.same(await tablesOf(db), ['first']);
  t.equal(await schemaVersion(db), 1);
  await migrate(db, [adds('first'), adds('second'), adds('third')]);
  t.same(await tablesOf(db), ['first', 'second', 'third']);
  t.equal(await schemaVersion(db), 3);
  await migrate(db, [adds('first')]);
  t.same(await tablesOf(db), ['first', 'second', 'third']);
  t.equal(await schemaVersion(db), 3);
});

t.test('one that fails leaves the database as it was', async (t) => {
  const db = open(t);
  await migrate(db, [adds('first')]);
  await t.rejects(migrate(db, [adds('first'), adds('second'), () => Promise.reject(new Error('no'))]), /no/u);
  t.same(await tablesOf(db), ['first']);
  t.equal(await schemaVersion(db), 1);
});

t.test('two that try at once do each once', async (t) => {
  const path = `${scratchDir(t)}/test.db`;
  const ran: string[] = [];
  const noting =
    (name: string): Migration =>
    async (db) => {
      ran.push(name);
      await adds(name)(db);
    };
  const steps = [noting('first'), noting('second')];
  await Promise.allSettled([migrate(open(t, path), steps), migrate(open(t, path), steps)]);
  const db = open(t, path);
  await migrate(db, steps);
  t.same(ran, ['first', 'second']);
  t.same(await tablesOf(db), ['first', 'second']);
});

t.test('the schema', async (t) => {
  const db = open(t);
  await migrate(db);
  t.same(await tablesOf(db), [
    'audit',
    'certificates',
    'environments',
    'former_owners',
    'gate_keys',
    'gate_targets',
    'gates',
    'gateways',
    'grants',
    'key_imports',
    'keys',
    'principals',
    'profiles',
    'reach_grants',
    'revisions',
    'sessions',
    'targets',
  ]);
  t.equal(await schemaVersion(db), migrations.length);
});

t.test('a database of the version before gets a gate for everybody', async (t) => {
  const db = open(t);
  await migrate(db, migrations.slice(0, 3));
  await migrate(db);
  const gates = await (db as Kysely<Tables>).selectFrom('gates').selectAll().execute();
  t.match(gates, [{ id: defaultGateId, name: 'default', is_default: 1, keys: 'any', targets: 'any' }]);
});
