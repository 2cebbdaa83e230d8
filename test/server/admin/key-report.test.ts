import t from 'tap';
import {
  keyColumns,
  keyRow,
  widestText,
  kindOf,
  lastUse,
  patternsText,
  stateOf,
} from '../../../server/admin/key-report.ts';
import { storedKey } from '../../support/memory-keys.ts';

const moment = { now: 100 * 86_400_000, unusedAfterMs: 86_400_000 };

t.test('what a key is, in a few words', (t) => {
  t.equal(kindOf({ type: 'ssh-rsa', bits: 3072 }), 'rsa 3072');
  t.equal(kindOf({ type: 'ecdsa-sha2-nistp256', bits: 256 }), 'ecdsa 256');
  t.equal(kindOf({ type: 'sk-ssh-ed25519@openssh.com', bits: 256 }), 'ed25519-sk 256');
  t.equal(kindOf({ type: 'other', bits: 1 }), 'other 1');
  t.same([patternsText([]), patternsText(['*', 'a']), patternsText(['a', 'b-*'])], ['none', 'any', 'a, b-*']);
  t.end();
});

t.test('when it was used', (t) => {
  const key = storedKey({ fingerprint: 'SHA256:a' });
  t.equal(lastUse(key, 5), 'never');
  t.equal(lastUse({ ...key, lastUsedAt: 10 }, 5), 'just now');
  t.equal(lastUse({ ...key, lastUsedAt: 0, lastUsedFrom: '::1' }, 180_000), '3 minutes ago from ::1');
  t.end();
});

t.test('a row has all columns, and long text is cut', (t) => {
  const key = storedKey({ fingerprint: 'SHA256:a', comment: 'x'.repeat(500) });
  for (const limits of [false, true]) {
    const row = keyRow(key, moment, { limits });
    t.equal(row.length, keyColumns({ limits }).length);
    t.ok(row.every((cell) => cell.length <= 40));
  }
  const columns = keyColumns({ limits: true });
  t.equal(keyRow(key, moment, { limits: true })[columns.indexOf('WIDEST')], '-');
  const limited = { ...key, widestAccess: 'team' as const };
  t.equal(keyRow(limited, moment, { limits: true })[columns.indexOf('WIDEST')], 'team');
  t.equal(widestText(limited), 'team at most');
  t.equal(widestText(key), undefined);
  t.end();
});

t.test('a key of the file is never unused, for nobody counts', (t) => {
  const key = storedKey({ fingerprint: 'SHA256:a' });
  t.equal(stateOf(key, moment), 'unused');
  t.equal(stateOf({ ...key, source: 'file' }, moment), 'active');
  t.equal(stateOf({ ...key, source: 'file', expiresAt: 1 }, moment), 'expired');
  t.end();
});
