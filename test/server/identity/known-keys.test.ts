import t from 'tap';
import {
  OpenAdmissions,
  type Admission,
  type Admissions,
  type OfferedKey,
} from '../../../server/identity/admission.ts';
import type { Identity } from '../../../server/identity/identity.ts';
import type { KeyRecord } from '../../../server/identity/key-record.ts';
import {
  CombinedAdmissions,
  identityOf,
  type CombinedAdmissionsOptions,
  type ListedKeys,
} from '../../../server/identity/known-keys.ts';
import { signKey } from '../../support/certificates.ts';
import { newKey, recordOf } from '../../support/key-records.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const now = Date.UTC(2030, 0, 1);
const key = makeKey(t);
const record = recordOf(newKey(key));
const certificate: OfferedKey = { type: 'ssh-ed25519-cert-v01@openssh.com', blob: key.blob };
const identity: Identity = {
  ...identityOf(record),
  principal: 'somebody',
  role: 'admin',
  source: { kind: 'file' },
};

/** A source that says the same of every key. */
function always(admission: Admission): ListedKeys & { fire(): void; closed: boolean } {
  let callback = (): void => undefined;
  return {
    admit: () => admission,
    knows: () => true,
    onChange: (given) => (callback = given),
    fire: () => {
      callback();
    },
    closed: false,
    close() {
      this.closed = true;
    },
  };
}

function combined(
  stored: KeyRecord | 'damaged' | undefined,
  others: Partial<CombinedAdmissionsOptions> = {},
) {
  const options = {
    stored: {
      byFingerprint: (print: string) =>
        typeof stored === 'object' && print === record.fingerprint ? stored : undefined,
      isDamaged: (print: string) => stored === 'damaged' && print === record.fingerprint,
      onChange: () => undefined,
    },
    ...{ file: undefined, certificates: undefined, open: undefined, now: () => now },
    ...others,
  };
  return new CombinedAdmissions(options);
}

const reasonOf = (admissions: Admissions, offered: OfferedKey = key): string | undefined => {
  const admission = admissions.admit(offered, '192.0.2.1');
  return admission.kind === 'refused' ? admission.reason : undefined;
};

t.test('a stored key is who the store says', async (t) => {
  t.strictSame(combined({ ...record, expiresAt: now + 1, counter: 7 }).admit(key, '192.0.2.1'), {
    kind: 'admitted',
    identity: {
      principal: 'ana',
      role: 'machine',
      envPatterns: ['pr-*'],
      fingerprint: record.fingerprint,
      keyId: identity.keyId,
      source: { kind: 'stored' },
      expiresAt: now + 1,
    },
    securityKey: { touchRequired: true, verifyRequired: false, lastCounter: 7 },
  });
  const file = always({ kind: 'admitted', identity });
  t.match(combined(record, { file }).admit(key, ''), { identity: { principal: 'ana' } }, 'before the file');
  t.match(combined(record, { open: new OpenAdmissions() }).admit(key, ''), {
    identity: { principal: 'ana' },
  });
  t.match(reasonOf(combined(record), { ...key, type: 'ssh-rsa' }), /not known/);
});

t.test('what the store has against a key counts, whatever else speaks for it', async (t) => {
  const everybody = always({ kind: 'admitted', identity });
  const sources = { file: everybody, certificates: everybody, open: everybody };
  const refusals: readonly (readonly [KeyRecord | 'damaged', string])[] = [
    [
      { ...record, revokedAt: now + 5, revokedReason: 'lost on a train' },
      'this key was revoked: lost on a train',
    ],
    [{ ...record, revokedAt: 1, revokedReason: '', expiresAt: 1 }, 'this key was revoked'],
    [{ ...record, expiresAt: now }, 'this key expired at 2030-01-01 00:00:00 UTC'],
    ['damaged', 'what the gateway has stored of this key makes no sense; ask its operator'],
  ];
  for (const [stored, reason] of refusals) {
    t.equal(reasonOf(combined(stored, sources)), reason);
    t.equal(reasonOf(combined(stored, sources), certificate), reason, 'inside a certificate too');
  }
  t.match(combined(undefined, sources).admit(certificate, ''), { kind: 'admitted' });
});

t.test('then the file, then whoever comes, if anybody may', async (t) => {
  const file = always({ kind: 'admitted', identity });
  t.match(combined(undefined, { file }).admit(key, ''), { identity: { principal: 'somebody' } });
  const expired = always({ kind: 'refused', reason: 'this key expired' });
  const open = new OpenAdmissions();
  t.equal(
    reasonOf(combined(undefined, { file: expired, open })),
    'this key expired',
    'not as a stranger either',
  );
  const unknown: ListedKeys = {
    ...always({ kind: 'refused', reason: 'not in the file' }),
    knows: () => false,
  };
  t.equal(reasonOf(combined(undefined, { file: unknown })), 'not in the file');
  t.match(combined(undefined, { file: unknown, open }).admit(key, ''), {
    identity: { source: { kind: 'open' } },
  });
  t.equal(reasonOf(combined(undefined)), 'this key is not known here');
});

t.test('certificates go to whoever reads them, and nowhere else', async (t) => {
  const everybody = always({ kind: 'admitted', identity });
  t.match(reasonOf(combined(undefined, { file: everybody, open: everybody }), certificate), /not accepted/);
  const certificates = always({ kind: 'refused', reason: 'it has expired' });
  t.equal(reasonOf(combined(record, { certificates }), certificate), 'it has expired');
});

t.test('what limits a key limits it in a certificate too', async (t) => {
  const subject = makeKey(t);
  const { certificate: blob } = signKey(t, makeKey(t), subject);
  const offered = { type: 'ssh-ed25519-cert-v01@openssh.com', blob };
  const inner = recordOf(newKey(subject));
  const certificates = always({
    kind: 'admitted',
    identity: { ...identity, fingerprint: inner.fingerprint },
  });
  const admit = (limit: Partial<KeyRecord>, inFile?: Partial<Identity>): unknown => {
    const stored = {
      byFingerprint: () => (inFile === undefined ? { ...inner, ...limit } : undefined),
      isDamaged: () => false,
      onChange: () => undefined,
    };
    const file =
      inFile === undefined ? undefined : always({ kind: 'admitted', identity: { ...identity, ...inFile } });
    const admission = combined(undefined, { stored, certificates, file }).admit(offered, '');
    return admission.kind === 'admitted' ? admission.identity.widestAccess : admission;
  };
  t.equal(admit({ widestAccess: 'team' }), 'team');
  t.equal(admit({}), undefined);
  t.equal(admit({}, { widestAccess: 'private' }), 'private');
  t.equal(admit({}, {}), undefined);
});

t.test('the changes of all are told, and all but the store are closed', async (t) => {
  const [file, certificates, open] = [1, 2, 3].map(() => always({ kind: 'admitted', identity }));
  const admissions = combined(record, { file, certificates, open });
  let changes = 0;
  admissions.onChange(() => (changes += 1));
  for (const source of [file, certificates, open]) source?.fire();
  t.equal(changes, 3);
  admissions.close();
  t.same([file?.closed, certificates?.closed, open?.closed], [true, true, true]);
});
