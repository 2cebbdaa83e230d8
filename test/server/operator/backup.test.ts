import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runOperator } from '../../../server/operator/program.ts';
import { openDatabase } from '../../../server/store/database.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { fakeOperator } from './fake-operator.ts';

t.test('says what is in it, and what is not', async (t) => {
  const stateDir = scratchDir(t);
  const database = await openDatabase(stateDir);
  t.teardown(database.close);
  writeFileSync(join(stateDir, 'share.key'), 'x');
  const file = join(scratchDir(t), 'copy');
  const { operator, out, err } = fakeOperator();
  t.equal(await runOperator(['backup', file, '--state-dir', stateDir], operator), 0);
  t.match(out, [
    new RegExp(`^${file}: \\d+KiB, schema \\d+, checked$`),
    `not in it, but beside it in ${stateDir}: share.key`,
  ]);
  t.equal(await runOperator(['backup', file, '--state-dir', stateDir], operator), 1);
  t.match(err, [`portholed: ${file} is there already; name a new file`]);
});

t.test('a directory without a gateway is left as it is', async (t) => {
  const stateDir = scratchDir(t);
  const { operator, err } = fakeOperator();
  t.equal(await runOperator(['backup', join(stateDir, 'copy'), '--state-dir', stateDir], operator), 1);
  t.match(err, [/^portholed: there is no database/]);
  t.notOk(existsSync(join(stateDir, 'porthole.db')));
});
