import t from 'tap';
import { targetCertHandlers } from '../../../server/admin/target-cert-command.ts';
import type { CertificateRefusal, TargetCertificate } from '../../../server/targets/target-certificates.ts';
import type { TargetRecord } from '../../../server/targets/target-record.ts';
import { adminSetting, givenAt } from '../../support/admin-setting.ts';

const target = { id: '11111111-2222-3333-4444-555555555555', name: 'pr-1' } as TargetRecord;
const caLine = `ssh-ed25519 ${Buffer.from('key').toString('base64')} machines`;

function run(words: string, issued: TargetCertificate | CertificateRefusal, given: unknown[] = []) {
  const handlers = targetCertHandlers({
    certificates: {
      issue: (wish) => {
        given.push(wish);
        return issued;
      },
      caLine: () => caLine,
    },
    book: {
      targets: () => [target],
      target: () => undefined,
      targetNamed: (name) => (name === 'pr-1' ? target : undefined),
    },
  });
  return adminSetting({ handlers }).run(words, { role: 'member' });
}

const issued: TargetCertificate = {
  kind: 'issued',
  line: 'ssh-ed25519-cert-v01@openssh.com AAAA ana',
  serial: '7',
  osUser: 'dev',
  principal: `vm:${target.id}/dev`,
  expiresAt: givenAt + 600_000,
};

t.test('the certificate alone is printed, and what it is good for besides', async (t) => {
  const given: unknown[] = [];
  const reply = await run('target cert pr-1 --os-user dev --ttl 5m', issued, given);
  t.same(reply.stdout, [issued.line]);
  t.match(reply.stderr[0], /for dev on pr-1 alone/);
  t.match(given, [{ target, osUser: 'dev', ttlMs: 300_000, now: givenAt }]);
  const { stdout } = await run('target cert pr-1 --json', issued);
  t.match(JSON.parse(stdout[0] ?? ''), {
    certificate: issued.line,
    target: target.id,
    osUser: 'dev',
    serial: '7',
  });
});

t.test('one that is not there, and one that they may not know of, are told alike', async (t) => {
  const unknown = { kind: 'refused', code: 'ERR_TARGET_UNKNOWN', reason: 'secret' } as const;
  const hidden = await run('target cert pr-1', unknown);
  const missing = await run('target cert pr-9', issued);
  t.equal(hidden.status, missing.status);
  t.same(hidden.stderr.join().replace('pr-1', 'pr-9'), missing.stderr.join());
  const refused = await run('target cert pr-1', { kind: 'refused', code: 'ERR_GATE_REFUSED', reason: 'no' });
  t.match(refused, { status: 3, stderr: [/no/] });
  const busy = await run('target cert pr-1', { kind: 'refused', code: 'ERR_LIMIT', reason: 'wait' });
  t.equal(busy.status, 1);
});

t.test('the authority is told to anybody', async (t) => {
  t.same((await run('gate ca', issued)).stdout, [caLine]);
  const { stdout } = await run('gate ca --json', issued);
  t.match(JSON.parse(stdout[0] ?? ''), { authority: caLine, fingerprint: /^SHA256:/ });
});
