import t from 'tap';
import type { KeyRecord, Keys, KeyUse } from '../../server/identity/key-record.ts';
import { identityOf } from '../../server/identity/known-keys.ts';
import { keyStates, noteLogin, watchUnusedKeys } from '../../server/key-life.ts';
import type { AuditEntry } from '../../server/store/audit-entry.ts';
import type { Stores } from '../../server/store/stores.ts';
import { freshKey, recordOf } from '../support/key-records.ts';
import { createLog } from '../support/log-lines.ts';

const record = recordOf(freshKey(t));
const identity = identityOf(record);

function fakeStores(records: readonly KeyRecord[] = []) {
  const uses: (readonly [string, KeyUse])[] = [];
  const entries: AuditEntry[] = [];
  const keys: Partial<Keys> = {
    all: () => records,
    used: (fingerprint, use) => uses.push([fingerprint, use]),
  };
  const audit = { record: (entry: AuditEntry) => entries.push(entry) };
  return { stores: { keys, audit } as unknown as Pick<Stores, 'keys' | 'audit'>, uses, entries };
}

t.test('a login is noted in the audit, and with its key', async (t) => {
  const { stores, uses, entries } = fakeStores();
  noteLogin(stores, { kind: 'ok', identity, env: 'pr-1', address: '192.0.2.1', counter: 7 });
  t.match(uses, [[record.fingerprint, { address: '192.0.2.1', counter: 7 }]]);
  t.match(entries, [{ action: 'login', principal: 'ana' }]);
  noteLogin(stores, { kind: 'ok', identity, env: 'pr-1', address: '192.0.2.2' });
  t.notOk('counter' in (uses[1]?.[1] ?? {}));
  noteLogin(stores, { kind: 'failed', why: 'refused', address: '192.0.2.1' });
  t.equal(uses.length, 2, 'only keys that proved themselves were used');
});

t.test('how many keys there are', async (t) => {
  const { stores } = fakeStores([record, { ...record, revokedAt: 1 }]);
  t.same(keyStates(stores, { unusedKeyAfterMs: 1 }), { active: 0, unused: 1, expired: 0, revoked: 1 });
});

t.test('the keys of whoever is connected are in use', async (t) => {
  const { stores, uses } = fakeStores();
  const config = { unusedKeyAfterMs: 1, disableUnusedKeysMs: undefined };
  const ssh = { logins: [{ identity, address: '192.0.2.1' }] };
  const watching = watchUnusedKeys({ config, stores, ssh, log: createLog().log });
  t.teardown(() => {
    watching.close();
  });
  await watching.look();
  t.match(uses, [[record.fingerprint, { address: '192.0.2.1' }]]);
});
