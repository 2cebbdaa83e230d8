import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Admissions } from '../../../server/identity/admission.ts';
import { fingerprint } from '../../../core/fingerprint.ts';
import { KeyFile, type KeyFileOptions } from '../../../server/identity/key-file.ts';
import { createLog } from '../../support/log-lines.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import type { TestScope } from '../../support/scope.ts';
import { makeKey, type SshKey } from '../../support/ssh-keys.ts';
import { until } from '../../support/until.ts';

const [first, second] = [makeKey(t), makeKey(t)];

/** A key file that is looked at very often, with what was logged and how often it changed. */
function openKeyFile(t: TestScope, text: string, overrides: Partial<KeyFileOptions> = {}) {
  const path = join(scratchDir(t), 'authorized_keys');
  writeFileSync(path, text);
  const { log, lines } = createLog();
  const file = new KeyFile({ path, log, pollMs: 2, settleMs: 2, ...overrides });
  const changes = { count: 0 };
  file.onChange(() => (changes.count += 1));
  t.teardown(() => {
    file.close();
  });
  return { path, file, lines, changes };
}

function admits(file: Admissions, key: SshKey): boolean {
  return file.admit(key, '192.0.2.1').kind === 'admitted';
}

t.test('keys of the file are admitted, others and other types are not', async (t) => {
  const { file, lines } = openKeyFile(t, `role="machine",principal="ci" ${first.line}\nnonsense\n`);
  t.equal(file.size, 1);
  t.match(file.admit(first), { kind: 'admitted', identity: { principal: 'ci', role: 'machine' } });
  t.match(file.admit(second), { kind: 'refused', reason: /not known/ });
  t.match(file.admit({ type: 'ssh-rsa', blob: first.blob }), { kind: 'refused' });
  t.match(lines, [{ level: 'warn', problem: /^line 2: / }]);
});

t.test('a file that cannot be read at the start is a clear error', async (t) => {
  const { log } = createLog();
  const path = join(scratchDir(t), 'none');
  t.throws(() => new KeyFile({ path, log }), { code: 'ERR_CONFIG', message: new RegExp(path) });
});

t.test('read again when it was replaced', async (t) => {
  const { path, file, changes } = openKeyFile(t, first.line);
  writeFileSync(`${path}.new`, second.line);
  renameSync(`${path}.new`, path);
  await until('the second key', () => admits(file, second));
  t.equal(admits(file, first), false);
  t.equal(changes.count, 1);
});

t.test('read again when it was changed in place, even to the same length', async (t) => {
  const { path, file } = openKeyFile(t, first.line);
  writeFileSync(path, second.line);
  await until('the second key', () => admits(file, second));
  t.equal(admits(file, first), false);
});

t.test('removed, it admits nobody, until it is back', async (t) => {
  const { path, file, lines } = openKeyFile(t, first.line);
  rmSync(path);
  await until('nobody', () => !admits(file, first));
  t.ok(lines.some((line) => line.level === 'error' && line.msg.includes('nobody is admitted')));
  writeFileSync(path, first.line);
  await until('the key', () => admits(file, first));
});

t.test('a directory in its place, or one that is closed, does no harm to the process', async (t) => {
  const { path, file } = openKeyFile(t, first.line);
  rmSync(path);
  mkdirSync(path);
  await until('nobody', () => !admits(file, first));
  rmSync(path, { recursive: true });
  writeFileSync(path, first.line);
  await until('the key', () => admits(file, first));
  chmodSync(path, 0);
  renameSync(path, `${path}.away`);
  await until('nobody again', () => !admits(file, first));
});

t.test('half a file is not read: an editor empties it before it writes', async (t) => {
  const { path, file, changes, lines } = openKeyFile(t, first.line, { pollMs: 1, settleMs: 60 });
  for (let i = 0; i < 30; i += 1) {
    writeFileSync(path, '');
    await new Promise((resolve) => void setTimeout(resolve, 2));
    t.equal(admits(file, first), true);
    writeFileSync(path, `${first.line} ${i}`);
  }
  writeFileSync(path, `${first.line}\n${second.line}`);
  await until('both', () => admits(file, second));
  t.equal(admits(file, first), true);
  t.notOk(lines.some((line) => line.msg.includes('read again') && line['keys'] === 0));
  t.ok(changes.count >= 1);
});

t.test('a key expires', async (t) => {
  const clock = { now: Date.UTC(2029, 11, 31) };
  const text = `expiry-time="20300101Z" ${first.line}\nexpiry-time="20280101Z" ${second.line}`;
  const { file } = openKeyFile(t, text, { now: () => clock.now });
  t.match(file.admit(first), { kind: 'admitted', identity: { expiresAt: Date.UTC(2030, 0, 1) } });
  t.match(file.admit(second), { kind: 'refused', reason: /expired/ });
  t.same(file.admins(), [fingerprint(first.blob)]);
  clock.now = Date.UTC(2030, 0, 1);
  t.match(file.admit(first), { kind: 'refused', reason: 'this key expired at 2030-01-01 00:00:00 UTC' });
  t.same(file.admins(), []);
  t.equal(file.knows(first), true, 'what the file says of it goes on counting');
});

t.test('who may manage the gateway, and what the file lists', async (t) => {
  const { file } = openKeyFile(t, `role="member" ${first.line}\n${second.line}\n`);
  t.same(file.admins(), [fingerprint(second.blob)]);
  t.match([...file.all()], [{ identity: { role: 'member' } }, { identity: { role: 'admin' } }]);
  t.equal(file.knows(first), true);
  t.equal(file.knows({ type: 'ssh-rsa', blob: first.blob }), false);
  t.equal(file.knows(makeKey(t)), false);
});

t.test('closed, it looks no more', async (t) => {
  const { path, file, changes } = openKeyFile(t, first.line);
  writeFileSync(path, second.line);
  file.close();
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => void setTimeout(resolve, 3));
  t.equal(changes.count, 0);
  t.equal(admits(file, first), true);
});
