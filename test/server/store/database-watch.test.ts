import t from 'tap';
import { openDatabase } from '../../../server/store/database.ts';
import { DatabaseWatch } from '../../../server/store/database-watch.ts';
import { countRevision } from '../../../server/store/revisions.ts';
import { createLog } from '../../support/log-lines.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { until } from '../../support/until.ts';

const hour = 3_600_000;

t.test('what others write is seen, and what is written here is not', async (t) => {
  const dir = scratchDir(t);
  const [database, other] = [await openDatabase(dir), await openDatabase(dir)];
  t.teardown(() => Promise.all([database.close(), other.close()]));
  const { log } = createLog();
  const watch = new DatabaseWatch({ database, log, pollMs: hour });
  let seen = 0;
  watch.onChange(() => Promise.resolve(void (seen += 1)));
  await watch.look();
  t.equal(seen, 1, 'it is not known yet what happened before');
  await watch.look();
  await countRevision(database.db, 'keys');
  await watch.look();
  t.equal(seen, 1);
  await countRevision(other.db, 'keys');
  await Promise.all([watch.look(), watch.look()]);
  t.equal(seen, 2);
  await watch.stop();
  await countRevision(other.db, 'keys');
  await watch.look();
  t.equal(seen, 2);
});

t.test('it looks by itself', async (t) => {
  const dir = scratchDir(t);
  const [database, other] = [await openDatabase(dir), await openDatabase(dir)];
  t.teardown(() => Promise.all([database.close(), other.close()]));
  const watch = new DatabaseWatch({ database, log: createLog().log, pollMs: 1 });
  t.teardown(() => watch.stop());
  let seen = 0;
  watch.onChange(() => Promise.resolve(void (seen += 1)));
  await until('the first look', () => seen === 1);
  await countRevision(other.db, 'keys');
  await until('the change', () => seen === 2);
});

t.test('what cannot be read is tried again, and told once', async (t) => {
  const database = await openDatabase(scratchDir(t));
  t.teardown(database.close);
  const { log, lines } = createLog();
  const watch = new DatabaseWatch({ database, log, pollMs: hour });
  let failures = 2;
  let seen = 0;
  watch.onChange(async () => {
    failures -= 1;
    if (failures >= 0) throw new Error('locked');
    seen += 1;
  });
  for (let i = 0; i < 4; i += 1) await watch.look();
  t.equal(seen, 1);
  t.match(lines, [{ level: 'error', err: { message: 'locked' } }, { level: 'info' }]);
  await watch.stop();
});
