import t from 'tap';
import { fingerprint } from '../../../core/fingerprint.ts';
import { parseCertificateLine } from '../../../core/ssh-certificate.ts';
import { AuthorityIssuer, type CertificateRecord } from '../../../server/identity/issuer.ts';
import { createAuthority } from '../../../server/identity/own-authority.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const authority = createAuthority(scratchDir(t), '');
const key = makeKey(t);
const now = 1_800_000_000_500;
const request = {
  key,
  principal: 'ana',
  role: 'member',
  envPatterns: ['pr-*'],
  expiresAt: now + 3_600_000,
  issuedFor: 'SHA256:x',
  by: { principal: 'ana', address: '192.0.2.1', detail: { policy: 'main' } },
} as const;

t.test('a certificate is signed and recorded, with a line of the audit', async (t) => {
  const recorded: (readonly [CertificateRecord, AuditEntry])[] = [];
  const records = {
    record: (...each: readonly [CertificateRecord, AuditEntry]) => {
      recorded.push(each);
      return Promise.resolve();
    },
  };
  const issuer = new AuthorityIssuer({ authority: { current: authority }, records, now: () => now });
  const { line, serial, expiresAt } = await issuer.issue(request);
  t.equal(expiresAt, 1_800_003_600_000);
  t.match(parseCertificateLine(line), {
    ok: true,
    value: {
      id: 'ana',
      serial: BigInt(serial),
      principals: ['role:member', 'env:pr-*'],
      validAfter: 1_799_999_940n,
      validBefore: 1_800_003_600n,
    },
  });
  const [[record, audit] = []] = recorded;
  t.same(record, {
    serial,
    certificateId: 'ana',
    principal: 'ana',
    fingerprint: fingerprint(key.blob),
    issuedFor: 'SHA256:x',
    issuedAt: now,
    expiresAt,
  });
  t.match(audit, {
    at: now,
    principal: 'ana',
    address: '192.0.2.1',
    action: 'cert.issue',
    target: 'ana',
    result: 'ok',
    detail: { serial, role: 'member', env: ['pr-*'], for: 'SHA256:x', policy: 'main' },
  });
  const serials = await Promise.all(Array.from({ length: 20 }, () => issuer.issue(request)));
  t.equal(new Set(serials.map((each) => each.serial)).size, 20);
  t.ok(serials.every((each) => BigInt(each.serial) > 0n && BigInt(each.serial) < 2n ** 63n));
});

t.test('without an authority, or a record, there is none', async (t) => {
  const records = { record: () => Promise.reject(new Error('full')) };
  await t.rejects(new AuthorityIssuer({ authority: { current: undefined }, records }).issue(request), {
    code: 'ERR_NO_AUTHORITY',
  });
  await t.rejects(new AuthorityIssuer({ authority: { current: authority }, records }).issue(request), /full/);
});
