import t, { type Test } from 'tap';
import { PortholeError } from '../../../core/errors.ts';
import type { KeyChange, KeyRecord, Keys, KeyUse } from '../../../server/identity/key-record.ts';
import { UnusedKeys, type UnusedKeysOptions } from '../../../server/identity/unused-keys.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { freshKey, recordOf } from '../../support/key-records.ts';
import { createLog } from '../../support/log-lines.ts';
import { until } from '../../support/until.ts';

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.UTC(2030, 0, 1);
const old = recordOf(freshKey(t, { name: 'old', createdAt: start - 100 * day }));
const used = { ...recordOf(freshKey(t, { name: 'used', createdAt: 0 })), lastUsedAt: start - day };
const fresh = recordOf(freshKey(t, { name: 'fresh', createdAt: start - day }));
const revoked = { ...recordOf(freshKey(t, { name: 'revoked', createdAt: 0 })), revokedAt: 1 };
const expired = { ...recordOf(freshKey(t, { name: 'expired', createdAt: 0 })), expiresAt: 1 };

/** A look at these keys whenever the test says so, by a clock that the test sets. */
function watch(t: Test, records: readonly KeyRecord[], overrides: Partial<UnusedKeysOptions> = {}) {
  const clock = { wall: start, passed: 0 };
  const done: (readonly [readonly KeyChange[], AuditEntry])[] = [];
  const uses: (readonly [string, KeyUse])[] = [];
  const failing: { error?: Error } = {};
  const keys: Keys = {
    all: () => records,
    byFingerprint: () => undefined,
    ofPrincipal: () => [],
    hasPrincipal: () => false,
    change: (changes, audit) => {
      if (failing.error !== undefined) return Promise.reject(failing.error);
      done.push([changes, audit]);
      return Promise.resolve();
    },
    used: (fingerprint, use) => uses.push([fingerprint, use]),
    onChange: () => undefined,
  };
  const { log, lines } = createLog();
  const watching = new UnusedKeys({
    ...{
      keys,
      log,
      unusedAfterMs: 90 * day,
      disableAfterMs: undefined,
      inUse: () => [],
      intervalMs: 1000 * day,
    },
    ...{ now: () => clock.wall, monotonic: () => clock.passed },
    ...overrides,
  });
  t.teardown(() => {
    watching.close();
  });
  const pass = (ms: number): void => {
    clock.wall += ms;
    clock.passed += ms;
  };
  return { watching, clock, pass, done, uses, lines, failing };
}

t.test('those that nobody used for long are reported once a day, and not touched', async (t) => {
  const { watching, pass, done, lines } = watch(t, [old, used, fresh, revoked, expired]);
  await watching.look();
  t.match(lines, [{ level: 'warn', count: 1, keys: ['ana/old'], unusedFor: '90d' }]);
  pass(hour);
  await watching.look();
  t.equal(lines.length, 1);
  pass(24 * hour);
  await watching.look();
  t.equal(lines.length, 2);
  t.same(done, []);
});

t.test('nothing is said when there is nothing to say', async (t) => {
  const { watching, lines } = watch(t, [used, fresh, revoked, expired]);
  await watching.look();
  t.same(lines, []);
});

t.test('by policy they are revoked, with the reason, in the audit', async (t) => {
  const { watching, done, lines } = watch(t, [old, used, fresh, revoked, expired], {
    disableAfterMs: 30 * day,
  });
  await watching.look();
  const reason = 'unused for 100 days';
  t.match(done, [
    [
      [{ kind: 'revoke', fingerprint: old.fingerprint, reason, at: start }],
      { action: 'key.disabled', target: 'ana/old', result: 'ok', detail: { reason } },
    ],
  ]);
  t.match(lines.at(-1), { level: 'warn', key: 'ana/old', reason });
});

t.test('a key of somebody who is connected is in use', async (t) => {
  const inUse = [{ fingerprint: old.fingerprint, address: '192.0.2.1' }];
  const { watching, uses } = watch(t, [], { inUse: () => inUse });
  await watching.look();
  t.same(uses, [[old.fingerprint, { at: start, address: '192.0.2.1' }]]);
});

t.test('a clock that was just set is not believed', async (t) => {
  const { watching, clock, pass, done, lines } = watch(t, [fresh], { disableAfterMs: 30 * day });
  clock.wall += 400 * day;
  pass(hour);
  await watching.look();
  t.same([done.length, lines.length], [0, 0]);
  clock.wall -= 400 * day;
  await watching.look();
  t.same([done.length, lines.length], [0, 0]);
  clock.wall += 400 * day;
  await watching.look();
  pass(hour);
  await watching.look();
  t.equal(done.length, 1, 'one that stays is');
});

t.test('the last admin stays, the others go; a disk that fails ends it for now', async (t) => {
  const { watching, failing, done, lines } = watch(t, [old, { ...old, name: 'older' }], {
    disableAfterMs: day,
  });
  failing.error = new PortholeError('ERR_CONFLICT');
  await watching.look();
  t.equal(lines.length, 1, 'only the report');
  failing.error = new PortholeError('ERR_STORE_UNAVAILABLE');
  await watching.look();
  t.match(lines.slice(1), [{ level: 'debug' }]);
  delete failing.error;
  await Promise.all([watching.look(), watching.look()]);
  t.equal(done.length, 2, 'each once');
});

t.test('it looks by itself, but not at once', async (t) => {
  const { lines, watching } = watch(t, [old], { intervalMs: 1 });
  t.same(lines, []);
  await until('a report', () => lines.length === 1);
  watching.close();
});
