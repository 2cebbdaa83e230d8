import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { backUp } from '../../../server/store/backup.ts';
import { openDatabase } from '../../../server/store/database.ts';
import { migrations } from '../../../server/store/migrations.ts';
import { countRevision, readRevision } from '../../../server/store/revisions.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

t.test('a copy of what is written, while others write', async (t) => {
  const dir = scratchDir(t);
  const database = await openDatabase(dir);
  t.teardown(database.close);
  await countRevision(database.db, 'keys');
  const target = scratchDir(t);
  const file = join(target, 'copy.db');
  const umask = process.umask(0);
  t.teardown(() => process.umask(umask));
  const backup = await database.db.transaction().execute(async (transaction) => {
    await countRevision(transaction, 'keys');
    return backUp(dir, file);
  });
  t.same(backup, { bytes: statSync(file).size, schemaVersion: migrations.length });
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.same(readdirSync(target), ['copy.db'], 'nothing else is left');
  mkdirSync(join(target, 'restored'));
  writeFileSync(join(target, 'restored', 'porthole.db'), readFileSync(file));
  const restored = await openDatabase(join(target, 'restored'));
  t.teardown(restored.close);
  t.equal(await readRevision(restored.db, 'keys'), 1, 'what was not committed is not in it');
});

t.test('nothing is overwritten, and nothing half done is left', async (t) => {
  const dir = scratchDir(t);
  await (await openDatabase(dir)).close();
  const file = join(scratchDir(t), 'mine');
  writeFileSync(file, 'precious');
  t.throws(() => backUp(dir, file), { code: 'ERR_CONFLICT' });
  t.equal(readFileSync(file, 'utf8'), 'precious');
  t.throws(() => backUp(dir, '/proc/none'), { code: 'ERR_STATE_DIR', message: /cannot write \/proc\/none/ });
  t.throws(() => backUp(scratchDir(t), `${file}-2`), { code: 'ERR_STATE_DIR', message: /no database/ });
  writeFileSync(join(dir, 'porthole.db'), 'no database at all'.repeat(1000));
  t.throws(() => backUp(dir, `${file}-3`), { code: 'ERR_STATE_DIR', message: /not a database/ });
  for (const name of [`${file}-2`, `${file}-3`, `${file}-3.partial`]) t.notOk(existsSync(name), name);
});
