import { sql } from 'kysely';
import t from 'tap';
import { openDatabase, type Database } from '../../../server/store/database.ts';
import { durably } from '../../../server/store/durable.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

/** 1 is normal, 2 is full. */
async function level({ db }: Database): Promise<number | undefined> {
  const { rows } = await sql<{ synchronous: number }>`pragma synchronous`.execute(db);
  return rows[0]?.synchronous;
}

t.test('only for that work, however it ends', async (t) => {
  const database = await openDatabase(scratchDir(t));
  t.teardown(database.close);
  t.equal(await level(database), 1);
  t.equal(await durably(database.db, () => level(database)), 2);
  t.equal(await level(database), 1);
  await t.rejects(
    durably(database.db, () => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  t.equal(await level(database), 1);
});

t.test('a database that is closed meanwhile', async (t) => {
  const database = await openDatabase(scratchDir(t));
  t.equal(await durably(database.db, () => database.close().then(() => 'done')), 'done');
  await t.rejects(durably(database.db, () => Promise.resolve('never')));
});
