import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  authorityPath,
  createAuthority,
  OwnAuthority,
  readAuthority,
} from '../../../server/identity/own-authority.ts';
import { verifySignature } from '../../../server/identity/signature.ts';
import { createLog } from '../../support/log-lines.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { until } from '../../support/until.ts';

t.test('made once, for its owner alone, and what it signs verifies', async (t) => {
  const dir = scratchDir(t);
  t.equal(readAuthority(dir), undefined);
  const made = createAuthority(dir, 'ours');
  t.equal(statSync(authorityPath(dir)).mode & 0o777, 0o600);
  t.equal(readFileSync(`${authorityPath(dir)}.pub`, 'utf8'), `${made.line}\n`);
  t.match(made.line, /^ssh-ed25519 \S+ ours$/);
  const read = readAuthority(dir);
  t.equal(read?.line, made.line);
  t.throws(() => createAuthority(dir, 'other'), { code: 'ERR_CONFLICT' });
  t.equal(readAuthority(dir)?.fingerprint, made.fingerprint, 'never made over');
  const data = Buffer.from('data');
  const key = { type: 'ssh-ed25519', blob: made.blob };
  t.same(verifySignature({ key, data, signature: read?.sign(data) ?? data }), { ok: true });
});

t.test('what is there and cannot be used is a clear error', async (t) => {
  const dir = scratchDir(t);
  writeFileSync(authorityPath(dir), 'nonsense');
  t.throws(() => readAuthority(dir), { code: 'ERR_STATE_DIR', message: /OpenSSH/ });
  t.throws(() => createAuthority(join(dir, 'none'), ''), { code: 'ERR_STATE_DIR' });
});

t.test('a gateway sees it come, go and change', async (t) => {
  const dir = scratchDir(t);
  const { log, lines } = createLog();
  const own = new OwnAuthority({ stateDir: dir, log, pollMs: 2, settleMs: 2 });
  t.teardown(() => {
    own.close();
  });
  let changes = 0;
  own.onChange(() => (changes += 1));
  t.equal(own.current, undefined);
  const first = createAuthority(dir, '');
  await until('the first', () => own.current?.fingerprint === first.fingerprint);
  renameSync(authorityPath(dir), join(dir, 'away'));
  await until('none', () => own.current === undefined);
  const second = createAuthority(dir, '');
  await until('the second', () => own.current?.fingerprint === second.fingerprint);
  writeFileSync(authorityPath(dir), 'nonsense');
  await until('a complaint', () => lines.at(-1)?.level === 'error');
  t.equal(own.current, undefined);
  rmSync(authorityPath(dir));
  t.equal(changes, 4);
});
