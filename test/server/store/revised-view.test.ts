import t from 'tap';
import { openDatabase, type Database } from '../../../server/store/database.ts';
import { RevisedView } from '../../../server/store/revised-view.ts';
import { countRevision } from '../../../server/store/revisions.ts';
import { openSqlite } from '../../../server/store/sqlite.ts';
import { createLog } from '../../support/log-lines.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

/** The principals of the database, as a view. */
async function open(database: Database) {
  const { log, lines } = createLog();
  const names: string[] = [];
  let loads = 0;
  const view = new RevisedView({
    ...{ database, log, name: 'sessions', retryMs: 1 },
    read: (db) => db.selectFrom('principals').select('name').orderBy('name').execute(),
    take: (rows) => {
      loads += 1;
      names.splice(0, Infinity, ...rows.map(({ name }) => name));
      return Promise.resolve();
    },
  });
  await view.open();
  const add = (name: string) =>
    view.change({
      write: async (transaction) => {
        await transaction.insertInto('principals').values({ name, created_at: 0 }).execute();
        return name;
      },
      apply: (written) => {
        names.push(written);
      },
    });
  return { view, names, lines, add, loads: () => loads };
}

t.test('a change is applied, and read anew when another process was faster', async (t) => {
  const database = await openDatabase(scratchDir(t));
  t.teardown(() => database.close());
  const { view, names, add, loads } = await open(database);
  t.equal(await add('b'), 'b');
  t.same(names, ['b']);
  t.equal(loads(), 1);
  await database.db.insertInto('principals').values({ name: 'a', created_at: 0 }).execute();
  await countRevision(database.db, 'sessions');
  await add('c');
  t.same(names, ['a', 'b', 'c']);
  t.equal(loads(), 2);
  await view.refresh();
  t.equal(loads(), 2, 'nothing is new');
  await view.reload();
  t.equal(loads(), 3);
});

t.test('where there was nothing to change, nobody is told', async (t) => {
  const database = await openDatabase(scratchDir(t));
  t.teardown(() => database.close());
  const { view, lines } = await open(database);
  view.onChange(() => {
    t.fail('nothing has changed');
  });
  const nothing = {
    write: (): Promise<string | undefined> => Promise.resolve(undefined),
    apply: () => {
      t.fail('nothing was written');
    },
  };
  const done: unknown = await view.change<string>(nothing);
  t.equal(done, undefined);
  t.same(lines, []);
});

t.test('what is locked is tried again, and is told when it stays so', async (t) => {
  const database = await openDatabase(scratchDir(t));
  const other = openSqlite(database.path);
  t.teardown(async () => {
    other.close();
    await database.close();
  });
  const { names, add, lines } = await open(database);
  other.exec('begin immediate');
  await t.rejects(add('a'), { code: 'ERR_STORE_UNAVAILABLE', message: /locked/ });
  t.match(lines, [{ level: 'error', msg: 'sessions cannot be changed in the database' }]);
  other.exec('rollback');
  await add('a');
  t.same(names, ['a']);
  await t.rejects(add('a'), { code: 'ERR_STORE_UNAVAILABLE' }, 'it is there already');
  t.same(names, ['a']);
});

t.test('a database that is gone: what is known stays', async (t) => {
  const database = await openDatabase(scratchDir(t));
  const { view, names, add, lines } = await open(database);
  await add('a');
  await database.close();
  await view.reload();
  t.same(names, ['a']);
  t.match(lines, [{ level: 'error', msg: 'sessions cannot be read from the database' }]);
  await t.rejects(view.refresh());
  const never = new RevisedView({
    ...{ database, log: createLog().log, name: 'grants', retryMs: 1 },
    read: () => Promise.resolve(0),
    take: () => Promise.resolve(),
  });
  await t.rejects(never.open(), { code: 'ERR_STATE_DIR' });
});

t.test('released, it changes nothing', async (t) => {
  const database = await openDatabase(scratchDir(t));
  t.teardown(() => database.close());
  const { view, add, names } = await open(database);
  view.release();
  t.equal(view.released, true);
  await t.rejects(add('a'), { code: 'ERR_STORE_UNAVAILABLE', message: /replaced or stopped/ });
  t.same(names, []);
});
