import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { fingerprint } from '../../../core/fingerprint.ts';
import { parseCertificate, type SshCertificate } from '../../../core/ssh-certificate.ts';
import {
  isRevokedKey,
  mayBeRevoked,
  nothingRevoked,
  parseRevokedKeys,
  revokedPart,
  type RevokedKeys,
} from '../../../server/identity/revoked-keys.ts';
import { signKey, type SignedKey } from '../../support/certificates.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const authority = makeKey(t);
const [first, second] = [makeKey(t), makeKey(t)];
const signed: SignedKey = signKey(t, authority, first, { serial: '7', id: 'ana 1' });

function read(text: string): RevokedKeys {
  const parsed = parseRevokedKeys(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}

function certificate(): SshCertificate {
  const parsed = parseCertificate(signed.certificate);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}

t.test('plain keys, in every way of naming them', async (t) => {
  const texts = [
    first.line,
    `${first.line} a # comment`,
    `key: ${first.line}`,
    `KEY:${first.line}`,
    `sha1: ${first.line}`,
    `sha256: ${first.line}`,
    `sha256: ${fingerprint(first.blob)}`,
    `hash: ${fingerprint(first.blob)}=`,
    `# yesterday's\n\n\t${first.line}\r\n`,
  ];
  for (const text of texts) {
    t.ok(isRevokedKey(read(text), first.blob), text);
    t.notOk(isRevokedKey(read(text), second.blob));
    t.match(revokedPart(read(text), certificate()), /the key in the certificate/);
  }
  t.notOk(isRevokedKey(nothingRevoked, first.blob));
  t.match(revokedPart(read(authority.line), certificate()), /the authority/);
});

t.test('certificates, by serial, key id, or themselves', async (t) => {
  for (const text of [
    'serial: 7',
    'serial: 5-9',
    'serial:0x07',
    'serial: 1\nserial: 7 - 7',
    signed.certificateLine,
  ])
    t.match(revokedPart(read(text), certificate()), /the serial 7 has been revoked/, text);
  t.match(revokedPart(read('id: ana 1'), certificate()), /this key id/);
  for (const text of ['serial: 8', 'serial: 0-6', 'id: ana', 'id: ANA 1', second.line, ''])
    t.equal(revokedPart(read(text), certificate()), undefined, text);
  t.notOk(isRevokedKey(read(signed.certificateLine), first.blob), 'the key itself goes on');
});

t.test('ssh-keygen says the same of each of them', async (t) => {
  const dir = scratchDir(t);
  for (const text of [
    ...['serial: 7', 'serial: 8', 'serial: 5-9', 'id: ana 1', 'id: ana 1 # gone', 'id: bob'],
    ...[`key: ${first.line}`, `key: ${second.line}`, `sha1: ${first.line}`, `sha256: ${first.line}`],
    `hash: ${fingerprint(first.blob)}`,
  ]) {
    const [spec, list] = [join(dir, 'spec'), join(dir, 'krl')];
    writeFileSync(spec, `${text}\n`);
    execFileSync('ssh-keygen', ['-q', '-k', '-s', `${authority.path}.pub`, '-f', list, spec], {
      stdio: 'pipe',
    });
    t.equal(
      isListed(list, signed.certificatePath),
      revokedPart(read(text), certificate()) !== undefined,
      text,
    );
  }
});

/** It ends with a failure when one of the keys is revoked. */
function isListed(list: string, file: string): boolean {
  try {
    execFileSync('ssh-keygen', ['-Q', '-f', list, file], { stdio: 'pipe' });
    return false;
  } catch {
    return true;
  }
}

t.test('a line that is not understood makes all of it a problem, which is not repeated', async (t) => {
  const wrong = [
    'serial: ',
    'serial: x',
    'serial: 9-5',
    'serial: 010',
    'serial: 99999999999999999999',
    'serial: 0-18446744073709551616',
    'id:',
    'hash: SHA256:short',
    'hash: MD5:00:11',
    'key: nonsense',
    'sha1: SHA1:abc',
    'ids: x',
    'nonsense',
    first.line.slice(0, -8),
    signed.certificateLine.slice(0, 200),
    first.privateKey,
  ];
  for (const line of wrong) {
    const parsed = parseRevokedKeys(`# first\n${line}\n${second.line}`);
    t.match(parsed, { ok: false, problem: /^line 2: / }, line.slice(0, 30));
    if (!parsed.ok) t.notMatch(parsed.problem, 'b3BlbnNzaC');
  }
  t.match(parseRevokedKeys('SSHKRL\n\0'), { ok: false, problem: /binary/ });
  t.match(parseRevokedKeys('\n'.repeat(100_001)), { ok: false, problem: /lines/ });
  t.match(read('serial: 0-18446744073709551615').serials, [{ last: 2n ** 64n - 1n }]);
});

t.test('no text makes it throw', async () => {
  const lines = fc.constantFrom(
    'serial: ',
    'id: ',
    'key: ',
    'sha256: ',
    'hash: ',
    '1',
    '-',
    '\n',
    first.line,
    ' ',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(lines, fc.string())), (parts) => {
      return typeof parseRevokedKeys(parts.join('')).ok === 'boolean';
    }),
  );
});

t.test('what is known by its names only', async (t) => {
  const { serial, id, authority: signer } = certificate();
  const names = {
    fingerprint: fingerprint(first.blob),
    certificate: { serial: String(serial), id, authority: fingerprint(signer) },
  };
  const alone = { fingerprint: names.fingerprint };
  const cases: readonly [text: string, plain: boolean, certified: boolean][] = [
    ['', false, false],
    [first.line, true, true],
    [`hash: ${names.fingerprint}`, true, true],
    [second.line, false, false],
    [authority.line, false, true],
    ['serial: 1-6', false, false],
    ['serial: 5-9', false, true],
    ['id: ana 1', false, true],
    ['id: ana 2', false, false],
    [signed.certificateLine, false, true],
    [`sha1: ${second.line}`, true, true],
  ];
  for (const [text, plain, certified] of cases) {
    t.equal(mayBeRevoked(read(text), alone), plain, text);
    t.equal(mayBeRevoked(read(text), names), certified, text);
  }
});
