import t from 'tap';
import { keyId } from '../../../core/names.ts';
import { fingerprint } from '../../../core/fingerprint.ts';
import { AccountIdentities, type KnownKeys } from '../../../server/access/account-identities.ts';
import type { KeyAccount } from '../../../server/access/key-account.ts';
import type { AccountCertificate } from '../../../server/access/session-record.ts';
import { newKey, recordOf } from '../../support/key-records.ts';
import type { SshKey } from '../../support/ssh-keys.ts';

const now = 1_000_000;
const blob = Buffer.from('x');
const print = fingerprint(blob);
const record = recordOf(
  newKey({ type: 'ssh-ed25519', blob } as SshKey, { fingerprint: print, role: 'member' }),
);
const listed = { principal: 'ana', role: 'admin', envPatterns: ['*'], widestAccess: 'team' } as const;
const account: KeyAccount = {
  ...{ kind: 'key', principal: 'ana', fingerprint: print, role: 'machine', envPatterns: ['x-*'] },
  certificate: undefined,
};

function identitiesOf(known: Partial<KnownKeys['stored']> & Partial<Omit<KnownKeys, 'stored'>> = {}) {
  const keys: KnownKeys = {
    stored: { byFingerprint: () => undefined, isDamaged: () => false, ...known },
    inFile: () => undefined,
    isRevoked: () => false,
    standsFor: () => true,
    onChange: () => undefined,
    ...known,
  };
  return new AccountIdentities({ keys, now: () => now });
}

t.test('a key is whom the store says that it is, now', (t) => {
  t.same(identitiesOf({ byFingerprint: () => record, inFile: () => listed }).identityOf(account), {
    principal: 'ana',
    role: 'member',
    envPatterns: ['pr-*'],
    fingerprint: print,
    keyId: keyId(blob),
    source: { kind: 'stored' },
  });
  const limited = { ...record, widestAccess: 'private', expiresAt: now + 1 } as const;
  t.match(identitiesOf({ byFingerprint: () => limited }).identityOf(account), {
    widestAccess: 'private',
    expiresAt: now + 1,
  });
  t.end();
});

t.test('one that the store does not know is whom the file says that it is', (t) => {
  t.match(identitiesOf({ inFile: () => listed }).identityOf(account), {
    ...{ role: 'admin', envPatterns: ['*'], widestAccess: 'team', keyId: keyId(blob) },
    source: { kind: 'file' },
  });
  t.end();
});

t.test('who is withdrawn, over, unknown or somebody else is nobody', (t) => {
  for (const known of [
    {},
    { inFile: () => listed, isRevoked: () => true },
    { inFile: () => listed, isDamaged: () => true },
    { inFile: () => ({ ...listed, expiresAt: now }) },
    { inFile: () => ({ ...listed, principal: 'bob' }) },
    { byFingerprint: () => ({ ...record, principal: 'bob' }) },
    { byFingerprint: () => ({ ...record, revokedAt: 1, revokedReason: '' }), inFile: () => listed },
  ])
    t.equal(identitiesOf(known).identityOf(account), undefined);
  t.end();
});

t.test('a certificate says who it is for as long as it stands; of the key only how open it may be', (t) => {
  const certificate: AccountCertificate = {
    ...{ serial: '7', id: 'ana@ci', authority: 'SHA256:ca' },
    expiresAt: now + 1,
  };
  const certified: KeyAccount = { ...account, role: 'member', certificate };
  const source = { kind: 'certificate', serial: '7', certificateId: 'ana@ci', authority: 'SHA256:ca' };
  t.same(identitiesOf().identityOf(certified), {
    ...{ principal: 'ana', role: 'member', envPatterns: ['x-*'], fingerprint: print, keyId: keyId(blob) },
    ...{ expiresAt: now + 1, source },
  });
  const endless = { ...certified, certificate: { ...certificate, expiresAt: undefined } };
  const known = identitiesOf({ inFile: () => listed }).identityOf(endless);
  t.match(known, { role: 'member', widestAccess: 'team' });
  t.equal(known?.expiresAt, undefined);
  t.equal(identitiesOf({ standsFor: () => false }).identityOf(certified), undefined);
  t.equal(identitiesOf({ isRevoked: () => true }).identityOf(certified), undefined);
  const over = { ...certified, certificate: { ...certificate, expiresAt: now } };
  t.equal(identitiesOf().identityOf(over), undefined);
  t.end();
});
