import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { openSqlite, sqliteCode, withoutSqliteWarning } from '../../../server/store/sqlite.ts';

const sqliteFile = fileURLToPath(new URL('../../../server/store/sqlite.ts', import.meta.url));

t.test(
  'only the warning that SQLite is experimental is kept from users, and only while it loads',
  async (t) => {
    const seen: string[] = [];
    const listen = (warning: Error): number => seen.push(`${warning.name}: ${warning.message}`);
    process.on('warning', listen);
    t.teardown(() => process.off('warning', listen));
    const about = 'SQLite is an experimental feature and might change at any time';
    const loaded = withoutSqliteWarning(() => {
      process.emitWarning(about, 'ExperimentalWarning');
      process.emitWarning('Something else is an experimental feature', 'ExperimentalWarning');
      process.emitWarning('SQLite is old', 'DeprecationWarning');
      return 'loaded';
    });
    t.equal(loaded, 'loaded');
    t.throws(() => withoutSqliteWarning(() => JSON.parse('no')), 'what fails there fails');
    process.emitWarning(about, 'ExperimentalWarning');
    process.emitWarning('the last one');
    while (seen.at(-1) !== 'Warning: the last one') await once(process, 'warning');
    t.same(seen, [
      'ExperimentalWarning: Something else is an experimental feature',
      'DeprecationWarning: SQLite is old',
      `ExperimentalWarning: ${about}`,
      'Warning: the last one',
    ]);
  },
);

t.test('a process that loads it says nothing', (t) => {
  const { status, stderr } = spawnSync(process.execPath, [sqliteFile], { encoding: 'utf8' });
  t.equal(status, 0);
  t.equal(stderr, '');
  t.end();
});

t.test('the result codes of SQLite', (t) => {
  const database = openSqlite(':memory:');
  t.teardown(() => {
    database.close();
  });
  database.exec('create table one (a integer primary key) strict; insert into one values (1)');
  const codeOf = (query: string): number | undefined => {
    try {
      database.exec(query);
    } catch (error) {
      return sqliteCode(error);
    }
    return undefined;
  };
  t.equal(codeOf('insert into one values (1)'), 19, 'SQLITE_CONSTRAINT, from its extended code');
  t.equal(codeOf('nonsense'), 1, 'SQLITE_ERROR');
  t.equal(sqliteCode(new Error('another')), undefined);
  t.equal(sqliteCode('no error'), undefined);
  t.end();
});
