import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkCertificate } from '../../tls/certificate-check.ts';
import { Program } from '../support/program.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { issued, issuer } from './issued.ts';

const context = { domain: 'preview.example.com', now: new Date() };

function warningsOf(files: { cert: string; key: string }): readonly string[] {
  const checked = checkCertificate(files, context);
  return checked.ok ? checked.value.warnings : [`refused: ${checked.problem}`];
}

t.test('takes a certificate with its chain', async (t) => {
  const { cert, key } = issued();
  const checked = checkCertificate({ cert: `comment\n${cert}\n${issuer}`, key: `${key}\n` }, context);
  t.match(checked, { ok: true, value: { pair: { cert: cert + issuer, key }, warnings: [] } });
});

t.test('takes key files of every usual kind', async (t) => {
  const { cert, key } = issued();
  const sec1 = createPrivateKey(key).export({ type: 'sec1', format: 'pem' }).toString();
  const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
  for (const text of [key, sec1, parameters + sec1, `${cert}${key}`, key.replaceAll('\n', '\r\n')]) {
    t.equal(checkCertificate({ cert: cert + issuer, key: text }, context).ok, true);
  }
});

t.test('refuses what cannot be served, and says why', async (t) => {
  const { cert, key } = issued();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const encrypted = privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  });
  const cases = [
    [{ cert: '', key }, /no certificate/],
    [{ cert: 'not PEM', key }, /no certificate/],
    [{ cert: key, key }, /no certificate/],
    [{ cert: cert.slice(0, 200), key }, /cut off/],
    [{ cert: `${cert}${issuer.slice(0, 200)}`, key }, /cut off/],
    [{ cert: cert.replace(/MII?/, 'AAA'), key }, /cannot be read/],
    [{ cert, key: '' }, /no private key/],
    [{ cert, key: cert }, /no private key/],
    [{ cert, key: key.slice(0, 60) }, /no private key/],
    [{ cert, key: encrypted.toString() }, /passphrase/],
    [{ cert, key: key.replace(/MI/, 'AA') }, /cannot be read/],
    [{ cert, key: issued().key }, /not the one of the certificate/],
  ] as const;
  for (const [files, problem] of cases) {
    t.match(checkCertificate(files, context), { ok: false, problem });
  }
});

t.test('refuses what OpenSSL would not serve', async (t) => {
  const directory = scratchDir(t);
  const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const request = ['req', '-x509', '-newkey', 'rsa:512', '-nodes', '-subj', '/CN=x', '-keyout', keyFile];
  const program = new Program(t, 'openssl', [...request, '-out', certFile]);
  await program.exit;
  const files = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  t.match(checkCertificate(files, context), { ok: false, problem: /OpenSSL/ });
});

t.test('warns of what clients will not like', async (t) => {
  const chained = ({ cert, key }: { cert: string; key: string }): { cert: string; key: string } => ({
    cert: cert + issuer,
    key,
  });
  t.match(warningsOf(chained(issued({ fromDays: -90, toDays: -1 }))), [/expired on/]);
  t.match(warningsOf(chained(issued({ toDays: 5.5 }))), [/expires in 5 days/]);
  t.match(warningsOf(chained(issued({ fromDays: 1 }))), [/not valid before/]);
  t.match(warningsOf(chained(issued({ domain: 'other.example.com' }))), [
    /not for preview\.example\.com/,
    /not for \*\.preview\.example\.com/,
  ]);
  t.match(warningsOf(chained(issued({ domain: 'example.com' }))), [/not for \*\.preview\.example\.com/]);
  t.match(warningsOf(issued()), [/no intermediate/]);
  const others = { ...context, otherHosts: ['auth.preview.example.com', 'login.example.org'] };
  const checked = checkCertificate(chained(issued()), others);
  t.match(checked, { ok: true, value: { warnings: ['the certificate is not for login.example.org'] } });
  const { cert, key } = issued();
  t.match(warningsOf({ cert: cert + issued().cert, key }), [/not in order/]);
});
