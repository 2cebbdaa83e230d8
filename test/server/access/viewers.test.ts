import t from 'tap';
import type { PersonAccount } from '../../../server/access/people-rules.ts';
import type { Account, AccountCertificate } from '../../../server/access/session-record.ts';
import type { KnownKeys } from '../../../server/access/account-identities.ts';
import { AccountViewers } from '../../../server/access/viewers.ts';
import type { Viewer } from '../../../server/access/viewer.ts';
import type { KeyRecord } from '../../../server/identity/key-record.ts';
import { newKey, recordOf } from '../../support/key-records.ts';
import { keyAccount, personAccount, someFingerprint } from '../../support/visit-records.ts';
import type { SshKey } from '../../support/ssh-keys.ts';

const now = 1_000_000;
const someKey = { type: 'ssh-ed25519', blob: Buffer.from('x') } as SshKey;

class FakeKeys implements KnownKeys {
  record: KeyRecord | undefined;
  damaged = false;
  listed: ReturnType<KnownKeys['inFile']>;
  revoked = false;
  stands = true;
  readonly callbacks: (() => void)[] = [];
  readonly stored = {
    byFingerprint: (print: string) => (print === someFingerprint ? this.record : undefined),
    isDamaged: () => this.damaged,
  };

  inFile(): ReturnType<KnownKeys['inFile']> {
    return this.listed;
  }

  isRevoked(): boolean {
    return this.revoked;
  }

  standsFor(): boolean {
    return this.stands;
  }

  onChange(callback: () => void): void {
    this.callbacks.push(callback);
  }
}

function viewersOf(overrides: Partial<FakeKeys> = {}) {
  const keys = Object.assign(new FakeKeys(), overrides);
  const eve: Viewer = {
    ...{ member: true, admin: false, principal: undefined, envPatterns: [], email: 'eve@example.com' },
  };
  const people = {
    viewerOf: ({ subject }: PersonAccount) => (subject === '123' ? eve : undefined),
    onChange: (callback: () => void) => keys.callbacks.push(callback),
  };
  return { keys, eve, viewers: new AccountViewers({ keys, people, now: () => now }) };
}

const record = (overrides: Partial<KeyRecord> = {}): KeyRecord =>
  recordOf(newKey(someKey, { fingerprint: someFingerprint, role: 'member' }), overrides);
const ana = { principal: 'ana', email: undefined };

t.test('a key sees what its role and its patterns say now, whatever they said at the login', async (t) => {
  const cases: readonly [Partial<KeyRecord>, Partial<Viewer> | undefined][] = [
    [{}, { ...ana, member: true, admin: false, envPatterns: ['pr-*'] }],
    [
      { role: 'admin', envPatterns: ['*'] },
      { ...ana, member: true, admin: true, envPatterns: ['*'] },
    ],
    [{ role: 'machine' }, { ...ana, member: false, admin: false, envPatterns: [] }],
    [{ expiresAt: now + 1 }, { ...ana, member: true }],
    [{ expiresAt: now }, undefined],
    [{ revokedAt: now - 1, revokedReason: 'lost' }, undefined],
    [{ principal: 'bob' }, undefined],
  ];
  for (const [overrides, expected] of cases) {
    const { viewers } = viewersOf({ record: record(overrides) });
    const seen = viewers.viewerOf(keyAccount({ role: 'admin', envPatterns: ['*'] }));
    if (expected === undefined) t.equal(seen, undefined, JSON.stringify(overrides));
    else t.match(seen, expected, JSON.stringify(overrides));
  }
});

t.test('what the store says goes before the file; a key that nobody knows is no account', async (t) => {
  const listed = { principal: 'ana', role: 'admin', envPatterns: ['*'] } as const;
  t.match(viewersOf({ listed }).viewers.viewerOf(keyAccount()), { admin: true });
  t.match(viewersOf({ listed, record: record() }).viewers.viewerOf(keyAccount()), { admin: false });
  for (const wrong of [
    {},
    { listed, revoked: true },
    { listed, damaged: true },
    { listed: { ...listed, expiresAt: now } },
    { listed: { ...listed, principal: 'bob' } },
    { listed, record: record({ revokedAt: 1, revokedReason: '' }) },
    { record: record(), revoked: true },
    { record: record(), damaged: true },
  ])
    t.equal(viewersOf(wrong).viewers.viewerOf(keyAccount()), undefined, JSON.stringify(wrong));
});

t.test('a certificate counts as it was, as long as it stands', async (t) => {
  const certificate: AccountCertificate = {
    ...{ serial: '7', id: 'ana', authority: 'SHA256:ca' },
    expiresAt: now + 1,
  };
  const account = (overrides: Partial<AccountCertificate> = {}): Account =>
    keyAccount({ certificate: { ...certificate, ...overrides }, envPatterns: ['x-*'] });
  t.match(viewersOf().viewers.viewerOf(account()), { member: true, envPatterns: ['x-*'] });
  t.match(viewersOf().viewers.viewerOf(account({ expiresAt: undefined })), { member: true });
  t.match(
    viewersOf({ record: record({ principal: 'bob', role: 'machine' }) }).viewers.viewerOf(account()),
    { ...ana, member: true },
    'the certificate says who it is',
  );
  t.equal(viewersOf().viewers.viewerOf(account({ expiresAt: now })), undefined);
  for (const wrong of [
    { stands: false },
    { revoked: true },
    { damaged: true },
    { record: record({ revokedAt: 1, revokedReason: '' }) },
    { record: record({ expiresAt: now }) },
  ])
    t.equal(viewersOf(wrong).viewers.viewerOf(account()), undefined, JSON.stringify(wrong));
});

t.test('people see what their rules say, and every change is told', async (t) => {
  const { viewers, keys, eve } = viewersOf();
  t.equal(viewers.viewerOf(personAccount()), eve);
  t.equal(viewers.viewerOf(personAccount({ subject: '9' })), undefined);
  let told = 0;
  viewers.onChange(() => (told += 1));
  for (const callback of keys.callbacks) callback();
  t.equal(told, 2);
});
