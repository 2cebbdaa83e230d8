import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import {
  changeSealingKeys,
  formatSealingKeys,
  maxSealingKeys,
  newSealingKey,
  parseSealingKeys,
  readOrMakeSealingKeys,
  readSealingKeys,
  sealingKeyPath,
} from '../../../server/access/sealing-key-file.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

const now = Date.UTC(2030, 0, 1);
const neverAsked = (): never => {
  throw new Error('nobody is asked');
};

t.test('keys are read as they were written', async (t) => {
  const keys = [newSealingKey(now), newSealingKey(now + 1.5)];
  t.same(parseSealingKeys(formatSealingKeys(keys)), { ok: true, value: keys });
  t.match(keys[1], { id: /^[a-z2-7]{8}$/, createdAt: now + 1 });
  t.equal(keys[0]?.secret.length, 32);
});

t.test('a file that makes no sense is refused whole, and nothing of it is told', async (t) => {
  const good = JSON.parse(formatSealingKeys([newSealingKey(now)]));
  const [key] = good.keys;
  const wrong = [
    '',
    '[]',
    '{"version":2,"keys":[]}',
    JSON.stringify({ ...good, keys: [] }),
    JSON.stringify({ ...good, more: 1 }),
    JSON.stringify({ ...good, keys: [{ ...key, key: key.key.slice(1) }] }),
    JSON.stringify({ ...good, keys: [{ ...key, createdAt: -1 }] }),
    JSON.stringify({ ...good, keys: [{ ...key, createdAt: 'x' }] }),
    JSON.stringify({ ...good, keys: [{ ...key, id: 'UPPERCASE' }] }),
    JSON.stringify({ ...good, keys: [key, key] }),
    JSON.stringify({ ...good, keys: Array.from({ length: maxSealingKeys + 1 }, () => key) }),
    JSON.stringify({ ...good, keys: [{ ...key, note: 'x'.repeat(300_000) }] }),
  ];
  for (const text of wrong) {
    const parsed = parseSealingKeys(text);
    t.equal(parsed.ok, false, text.slice(0, 60));
    t.notMatch(JSON.stringify(parsed), key.key);
  }
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => !parseSealingKeys(text).ok));
});

t.test('the first start makes a key, the next ones find it', async (t) => {
  const stateDir = scratchDir(t);
  t.equal(readSealingKeys(stateDir), undefined);
  const made = readOrMakeSealingKeys(stateDir, now);
  t.same(readOrMakeSealingKeys(stateDir, now), made);
  t.same(readSealingKeys(stateDir), made);
  const path = sealingKeyPath(stateDir);
  t.equal(statSync(path).mode & 0o777, 0o600);
  chmodSync(path, 0o644);
  readSealingKeys(stateDir);
  t.equal(statSync(path).mode & 0o777, 0o600, 'others may not read it');
  t.same(readdirSync(stateDir), ['session.keys'], 'nothing is left over');
});

t.test('a change is whole, and one at a time', async (t) => {
  const stateDir = scratchDir(t);
  const next = newSealingKey(now);
  const after = changeSealingKeys(stateDir, now, (before) => {
    t.equal(changeSealingKeys(stateDir, now, neverAsked), undefined);
    return [...before, next];
  });
  t.equal(after?.length, 2);
  t.same(readSealingKeys(stateDir), after);
  t.same(
    changeSealingKeys(stateDir, now, (before) => before),
    after,
  );
  t.same(readdirSync(stateDir), ['session.keys']);
});

t.test('who was killed in the middle is in nobody’s way', async (t) => {
  const stateDir = scratchDir(t);
  const lock = `${sealingKeyPath(stateDir)}.lock`;
  writeFileSync(lock, '');
  const atOnce = statSync(lock).mtimeMs;
  t.equal(
    changeSealingKeys(stateDir, now, (before) => before),
    undefined,
  );
  utimesSync(lock, new Date(atOnce - 60_000), new Date(atOnce - 60_000));
  t.ok(changeSealingKeys(stateDir, now, (before) => before));
});

t.test('more keys than can be kept: the oldest go', async (t) => {
  const stateDir = scratchDir(t);
  const many = Array.from({ length: maxSealingKeys + 5 }, (_, at) => newSealingKey(at));
  const after = changeSealingKeys(stateDir, now, () => many);
  t.equal(after?.length, maxSealingKeys);
  t.same(readSealingKeys(stateDir)?.at(-1), many.at(-1));
});

t.test('a file that cannot be used is told in words, and never written over', async (t) => {
  const stateDir = scratchDir(t);
  const path = sealingKeyPath(stateDir);
  writeFileSync(path, '{}');
  for (const use of [
    () => readSealingKeys(stateDir),
    () => readOrMakeSealingKeys(stateDir, now),
    () => changeSealingKeys(stateDir, now, neverAsked),
  ])
    t.throws(use, { code: 'ERR_STATE_DIR', message: /damaged/ });
  t.equal(readFileSync(path, 'utf8'), '{}');
  writeFileSync(path, 'x'.repeat(300_000));
  t.throws(() => readSealingKeys(stateDir), { code: 'ERR_STATE_DIR', message: /more than/ });
  const folder = sealingKeyPath(scratchDir(t));
  mkdirSync(folder);
  t.throws(() => readSealingKeys(dirname(folder)), { code: 'ERR_STATE_DIR', message: /cannot be read/ });
  t.throws(() => readOrMakeSealingKeys('/nowhere/at/all', now), {
    code: 'ERR_STATE_DIR',
    message: /be made/,
  });
  t.throws(() => changeSealingKeys('/nowhere/at/all', now, (keys) => keys), { code: 'ERR_STATE_DIR' });
});
