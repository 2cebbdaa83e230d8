import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseCertificateLine } from '../../../core/ssh-certificate.ts';
import { wireString } from '../../../core/ssh-wire.ts';
import { createAuthorityFile } from '../../../server/identity/authority-file.ts';
import type { Caller, KeyRules } from '../../../server/identity/key-record.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import type { ReachDecision, ReachRequest } from '../../../server/targets/reach.ts';
import { TargetCertificates } from '../../../server/targets/target-certificates.ts';
import type { GateRecord, ProfileRecord, TargetRecord } from '../../../server/targets/target-record.ts';
import { givenAt, identityOf } from '../../support/admin-setting.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const key = makeKey(t);
const authority = createAuthorityFile(join(scratchDir(t), 'ca'), 'machines');
const rules: KeyRules = { touchRequired: true, verifyRequired: false };
const caller: Caller = {
  identity: identityOf({ principal: 'ana', role: 'member' }),
  address: '192.0.2.1',
  key: { type: key.type, blob: key.blob, rules },
};
const target = {
  id: '11111111-2222-3333-4444-555555555555',
  name: 'pr-1',
  env: 'pr-1-env',
  osUser: 'dev',
  takesCertificates: true,
  osUsers: [],
} as unknown as TargetRecord;
const wish = { caller, target, osUser: undefined, ttlMs: undefined, now: givenAt };
const allowed = {
  kind: 'allowed',
  gate: {} as GateRecord,
  by: 'member',
  until: undefined,
  osUsers: 'any',
} as const;
const refused = { kind: 'refused', code: 'ERR_TARGET_UNKNOWN', reason: 'there is no pr-1' } as const;

function setting(decide: (request: ReachRequest) => ReachDecision, profiles: Partial<ProfileRecord>[] = []) {
  const audit: AuditEntry[] = [];
  const asked: ReachRequest[] = [];
  const certificates = new TargetCertificates({
    authority: { key: authority },
    reach: {
      decide: (request) => {
        asked.push(request);
        return decide(request);
      },
    },
    book: {
      gates: () => [{ name: 'default' }, { name: 'contractors' }] as GateRecord[],
      profilesOf: () => profiles as ProfileRecord[],
    },
    ownerOf: (env) => (env === 'pr-1-env' ? 'vm' : undefined),
    longestMs: 600_000,
    audit: { record: (entry) => void audit.push(entry) },
    clock: () => 0,
  });
  return { certificates, audit, asked };
}

t.test('for the key of the login, with one principal, and noted', async (t) => {
  const { certificates, audit, asked } = setting(() => allowed);
  const issued = certificates.issue(wish);
  t.match(issued, { kind: 'issued', osUser: 'dev', expiresAt: givenAt + 600_000 });
  if (issued.kind === 'refused') return;
  const parsed = parseCertificateLine(issued.line);
  if (!parsed.ok) throw new Error(parsed.problem);
  const { subject, principals, id, extensions, criticalOptions, use, serial } = parsed.value;
  t.match({ principals, id, use }, { principals: [`vm:${target.id}/dev`], id: 'ana', use: 'user' });
  t.same(subject.blob, key.blob);
  t.equal(String(serial), issued.serial);
  t.equal(criticalOptions.size, 0);
  t.same(
    [...extensions.keys()],
    ['X11-forwarding', 'agent-forwarding', 'port-forwarding', 'pty', 'user-rc'].map(
      (name) => `permit-${name}`,
    ),
  );
  t.match(asked[0], { service: 'ssh', env: 'pr-1-env', owner: 'vm', target: target.id, now: givenAt });
  t.match(audit, [
    {
      action: 'target.cert',
      principal: 'ana',
      target: 'pr-1',
      result: 'ok',
      detail: { serial: issued.serial, osUser: 'dev', by: 'member', id: target.id },
    },
  ]);
  t.equal(certificates.caLine(), authority.line);
});

t.test('by any gate, and by the right that says most', async (t) => {
  const by = (user: string, gates: Record<string, ReachDecision>): ReachDecision => gates[user] ?? refused;
  const one = setting(({ user }) => by(user, { contractors: allowed }));
  t.match(one.certificates.issue(wish), { kind: 'issued' });
  const two = setting(({ user }) =>
    by(user, {
      default: { ...allowed, until: givenAt + 60_000 },
      contractors: { ...allowed, osUsers: ['web'] },
    }),
  );
  t.match(two.certificates.issue(wish), { kind: 'issued', expiresAt: givenAt + 60_000 });
  const none = setting(() => refused);
  t.match(none.certificates.issue(wish), refused);
  t.match(none.audit, [{ action: 'target.cert', result: 'refused', detail: { reason: refused.reason } }]);
});

t.test('as whom, if nobody is named: as their own profiles agree, else as usual there', async (t) => {
  const user = (profiles: Partial<ProfileRecord>[]): unknown => {
    const issued = setting(() => allowed, profiles).certificates.issue(wish);
    return issued.kind === 'issued' && issued.osUser;
  };
  t.equal(user([{ target: target.id, osUser: 'ops' }]), 'ops');
  t.equal(user([{ target: 'another', osUser: 'ops' }]), 'dev');
  t.equal(
    user([
      { target: target.id, osUser: 'ops' },
      { target: target.id, osUser: 'web' },
    ]),
    'dev',
  );
  t.match(setting(() => allowed).certificates.issue({ ...wish, osUser: 'x' }), { osUser: 'x' });
});

t.test('refused without a key, by the terms, and in a loop', async (t) => {
  const { certificates, audit } = setting(() => allowed);
  const { key: _none, ...keyless } = caller;
  t.match(certificates.issue({ ...wish, caller: keyless }), { kind: 'refused', reason: /over SSH/ });
  const without = { ...target, takesCertificates: false };
  t.match(certificates.issue({ ...wish, target: without, osUser: 'dev' }), { code: 'ERR_GATE_REFUSED' });
  t.match(audit, [{ result: 'refused', detail: { osUser: 'dev' } }]);
  let last = certificates.issue(wish);
  for (let count = 1; count < 130; count += 1) last = certificates.issue(wish);
  t.match(last, { kind: 'refused', code: 'ERR_LIMIT' });
  const other = { ...caller, identity: identityOf({ principal: 'bob' }) };
  t.match(certificates.issue({ ...wish, caller: other }), { kind: 'issued' }, 'others are not held up');
});

t.test('FIDO keys are held to the same on the machine, and ssh-keygen reads it', async (t) => {
  const blob = Buffer.concat(['sk-ssh-ed25519@openssh.com', key.blob.subarray(-32), 'ssh:'].map(wireString));
  const issueFor = (fido: KeyRules): string => {
    const sk = { type: 'sk-ssh-ed25519@openssh.com', blob, rules: fido };
    const issued = setting(() => allowed).certificates.issue({ ...wish, caller: { ...caller, key: sk } });
    if (issued.kind === 'refused') throw new Error(issued.reason);
    const file = join(scratchDir(t), 'cert.pub');
    writeFileSync(file, issued.line);
    return execFileSync('ssh-keygen', ['-L', '-f', file], { encoding: 'utf8' });
  };
  t.match(issueFor({ touchRequired: true, verifyRequired: true }), /Critical Options: *\n\s+verify-required/);
  const untouched = issueFor({ touchRequired: false, verifyRequired: false });
  t.match(untouched, /no-touch-required[^]*permit-X11-forwarding/);
  t.match(untouched, /Critical Options: \(none\)/);
});
