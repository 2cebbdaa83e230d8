import t from 'tap';
import { openDatabase } from '../../../server/store/database.ts';
import { countRevision, readRevision } from '../../../server/store/revisions.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

t.test('each counts for itself, and only with the change', async (t) => {
  const { db, close } = await openDatabase(scratchDir(t));
  t.teardown(close);
  t.equal(await readRevision(db, 'keys'), 0);
  t.equal(await countRevision(db, 'keys'), 1);
  t.equal(await countRevision(db, 'keys'), 2);
  t.equal(await countRevision(db, 'certificates'), 1);
  const failing = db.transaction().execute(async (transaction) => {
    t.equal(await countRevision(transaction, 'keys'), 3);
    throw new Error('no');
  });
  await t.rejects(failing, { message: 'no' });
  t.equal(await readRevision(db, 'keys'), 2);
});
