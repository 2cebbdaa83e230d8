import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  readOrMakeSealingKeys,
  readSealingKeys,
  sealingKeyPath,
} from '../../../server/access/sealing-key-file.ts';
import { runOperator } from '../../../server/operator/program.ts';
import { openDatabase } from '../../../server/store/database.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { fakeOperator } from './fake-operator.ts';

const madeAt = Date.UTC(2029, 0, 1);

t.test('a new key is the newest; those before it stay, unless they are to go', async (t) => {
  const stateDir = scratchDir(t);
  const [first] = readOrMakeSealingKeys(stateDir, madeAt);
  const { operator, out, err } = fakeOperator();
  const run = (...words: string[]) => runOperator([...words, '--state-dir', stateDir], operator);
  t.equal(await run('session-key', 'rotate'), 0);
  const keys = readSealingKeys(stateDir) ?? [];
  t.same(keys[0], first);
  t.equal(keys.length, 2);
  t.match(out.at(-1), `${keys[1]?.id} is the newest key now; 1 older one opens`);
  t.equal(await run('session-key', 'rotate'), 0);
  t.match(out.at(-1), /2 older ones open/);

  t.equal(await run('session-key', 'list'), 0);
  t.match(out.at(-1)?.split('\n'), [/^KEY +CREATED +REPLACED$/, /^\w{8} .*2029.* .*2030/, /2030/, /in use$/]);
  t.equal(await run('session-key', 'list', '--json'), 0);
  t.match(JSON.parse(out.at(-1) ?? ''), [
    { id: first?.id, createdAt: '2029-01-01T00:00:00.000Z', replacedAt: '2030-01-01T00:00:00.000Z' },
    {},
    { replacedAt: null },
  ]);

  t.equal(await run('session-key', 'rotate', '--drop-old'), 0);
  t.match(out.at(-1), /is the only key now: whoever was logged in has to log in again/);
  t.equal(readSealingKeys(stateDir)?.length, 1);
  t.same(err, []);
  for (const { secret } of keys) t.notMatch(out.join('\n'), secret.toString('base64url'));

  const database = await openDatabase(stateDir);
  t.teardown(() => database.close());
  const lines = await database.db.selectFrom('audit').select(['principal', 'action', 'detail']).execute();
  const line = { principal: 'operator', action: 'session-key.rotate' };
  t.same(lines, [
    { ...line, detail: '{"older":1}' },
    { ...line, detail: '{"older":2}' },
    { ...line, detail: '{"older":0}' },
  ]);
});

t.test('a directory without a gateway is left as it is, and a damaged file too', async (t) => {
  const stateDir = scratchDir(t);
  const { operator, err } = fakeOperator();
  const run = (verb: string) => runOperator(['session-key', verb, '--state-dir', stateDir], operator);
  t.same([await run('rotate'), await run('list')], [1, 1]);
  t.match(err, [/no gateway has run there/, /no gateway has run there/]);
  t.same(readdirSync(stateDir), []);
  writeFileSync(sealingKeyPath(stateDir), '{}');
  t.same([await run('rotate'), await run('list')], [1, 1]);
  t.match(err.at(-1), /damaged/);
  t.equal(readFileSync(join(stateDir, 'session.keys'), 'utf8'), '{}');
});
