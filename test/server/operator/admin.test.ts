import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runOperator } from '../../../server/operator/program.ts';
import { openDatabase } from '../../../server/store/database.ts';
import { openSqlite } from '../../../server/store/sqlite.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { fakeOperator } from './fake-operator.ts';

const key = makeKey(t);
const keyFile = `${key.path}.pub`;

async function run(words: readonly string[]) {
  const fake = fakeOperator({ readStdin: () => Promise.resolve(readFileSync(keyFile, 'utf8')) });
  const code = await runOperator(words, fake.operator);
  return { code, out: fake.out.join('\n'), err: fake.err.join('\n') };
}

t.test('the first admin, before the gateway has ever run', async (t) => {
  const stateDir = join(scratchDir(t), 'new');
  const added = await run(['admin', 'add', keyFile, '--state-dir', stateDir]);
  t.match(added, { code: 0, err: '', out: /^test\/test \(SHA256:\S+\) is the key of an admin now$/ });
  t.match(await run(['admin', 'add', '-', '--state-dir', stateDir]), { code: 0, out: /an admin already$/ });
  const listed = await run(['admin', 'list', '--json', '--state-dir', stateDir]);
  t.match(JSON.parse(listed.out), [
    { principal: 'test', name: 'test', state: 'active', lastUsedAt: null, expiresAt: null },
  ]);
  t.match(await run(['admin', 'list', '--state-dir', stateDir]), {
    out: /KEY +FINGERPRINT +STATE.*\ntest\/test +SHA256:/,
  });
  const { db, close } = await openDatabase(stateDir);
  t.teardown(close);
  const lines = await db.selectFrom('audit').selectAll().execute();
  t.match(lines, [{ principal: 'operator', action: 'key.add', target: 'test/test', result: 'ok' }]);
});

t.test('a lock-out is repaired', async (t) => {
  const stateDir = scratchDir(t);
  await run(['admin', 'add', keyFile, '--state-dir', stateDir, '--name', 'desk', '--principal', 'ana']);
  const { db, close } = await openDatabase(stateDir);
  t.teardown(close);
  await db
    .updateTable('keys')
    .set({ revoked_at: 1, revoked_reason: 'lost', role: 'machine', expires_at: 5 })
    .execute();
  t.match(await run(['admin', 'add', keyFile, '--state-dir', stateDir]), {
    code: 0,
    out: /^ana\/desk .* is the key of an admin now; it was revoked, expired, machine before$/,
  });
  t.match(await db.selectFrom('keys').selectAll().execute(), [
    { role: 'admin', revoked_at: null, expires_at: null },
  ]);
  await db.updateTable('keys').set({ env_patterns: 'nonsense' }).execute();
  const mended = await run(['admin', 'add', keyFile, '--state-dir', stateDir]);
  t.match(mended, { code: 0, out: /it was damaged before$/, err: /rows of the database that make no sense/ });
});

t.test('what goes wrong is told in a line, with an exit code', async (t) => {
  const stateDir = scratchDir(t);
  t.match(await run(['admin', 'add', key.path, '--state-dir', stateDir]), {
    code: 2,
    err: /^portholed: .*private key/,
  });
  t.match(await run(['admin', 'add', keyFile, '--name', 'a b']), {
    code: 2,
    err: /^portholed: --name may have/,
  });
  t.match(await run(['admin', 'add', keyFile, '--state-dir', '/proc/x']), {
    code: 1,
    err: /^portholed: the state dir/,
  });
  t.match(await run(['admin', 'list', '--state-dir', stateDir]), {
    code: 1,
    err: /^portholed: there is no database/,
  });
  t.notOk(existsSync(join(stateDir, 'porthole.db')), 'nothing is made where one only looks');
  await (await openDatabase(stateDir)).close();
  t.match(await run(['admin', 'list', '--state-dir', stateDir]), {
    code: 0,
    out: /^no key of an admin is stored/,
  });
  const other = openSqlite(join(stateDir, 'porthole.db'));
  t.teardown(() => {
    other.close();
  });
  other.exec('begin immediate');
  t.match(await run(['admin', 'add', keyFile, '--state-dir', stateDir]), { code: 1, err: /locked/ });
  t.notMatch(await run(['admin', 'add', keyFile, '--state-dir', stateDir]), { err: /at .*\.ts/ });
});
