import { X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { newAuthority, newKey, parseAuthority } from '../../tls/authority.ts';
import { issueLeaf, namesFor } from '../../tls/leaf.ts';
import {
  certifiesExactly,
  distinguishedName,
  permittedDomains,
  serverExtensions,
  signCertificate,
  validFor,
} from '../../tls/x509.ts';
import { Program } from '../support/program.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { TestScope } from '../support/scope.ts';

const now = new Date();

async function openssl(t: TestScope, ...args: string[]): Promise<string> {
  const program = new Program(t, 'openssl', args);
  program.end();
  await program.exit;
  return program.stdout + program.stderr;
}

/** An authority for a domain and a leaf of it, in files. */
function issue(t: TestScope, domain: string): { ca: string; leaf: string; directory: string } {
  const directory = scratchDir(t);
  const [ca, leaf] = [join(directory, 'ca.pem'), join(directory, 'leaf.pem')];
  const caKey = newKey();
  const caPem = newAuthority(caKey, domain, now);
  const authority = parseAuthority(caPem, caKey);
  writeFileSync(ca, caPem);
  writeFileSync(leaf, issueLeaf(authority, { keyPem: newKey(), host: domain, names: namesFor(domain) }, now));
  return { ca, leaf, directory };
}

t.test('OpenSSL verifies what it makes, strictly', async (t) => {
  for (const domain of ['localhost', 'preview.example.com', `${'long.'.repeat(30)}example.com`]) {
    const { ca, leaf } = issue(t, domain);
    const verify = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', ca];
    t.match(await openssl(t, ...verify, '-verify_hostname', domain, leaf), /OK\n$/);
    t.match(await openssl(t, ...verify, '-verify_hostname', 'example.org', leaf), /hostname mismatch/);
  }
  const { ca, leaf } = issue(t, 'preview.example.com');
  const below = await openssl(
    t,
    'verify',
    '-CAfile',
    ca,
    '-verify_hostname',
    'web--pr-1.preview.example.com',
    leaf,
  );
  t.match(below, /OK\n$/);
  const local = issue(t, 'localhost');
  for (const address of ['127.0.0.1', '::1']) {
    t.match(await openssl(t, 'verify', '-CAfile', local.ca, '-verify_ip', address, local.leaf), /OK\n$/);
  }
});

t.test('the authority is good for its domain only', async (t) => {
  const directory = scratchDir(t);
  const caKey = newKey();
  const caPem = newAuthority(caKey, 'preview.example.com', now);
  const authority = parseAuthority(caPem, caKey);
  const ca = join(directory, 'ca.pem');
  writeFileSync(ca, caPem);
  const verdict = async (name: string, leafPem: string): Promise<string> => {
    const path = join(directory, `${name}.pem`);
    writeFileSync(path, leafPem);
    return openssl(t, 'verify', '-x509_strict', '-CAfile', ca, path);
  };
  const leafFor = (host: string): string =>
    issueLeaf(authority, { keyPem: newKey(), host, names: [{ dns: host }] }, now);
  t.match(await verdict('own', leafFor('web.preview.example.com')), /OK\n$/);
  t.match(await verdict('localhost', leafFor('a.localhost')), /OK\n$/);
  t.match(await verdict('parent', leafFor('example.com')), /permitted subtree violation/);
  t.match(await verdict('stranger', leafFor('www.google.com')), /permitted subtree violation/);
  const elsewhere = { keyPem: newKey(), host: 'x', names: [{ ip: Buffer.from([192, 0, 2, 1]) }] };
  t.match(await verdict('address', issueLeaf(authority, elsewhere, now)), /permitted subtree violation/);
});

t.test('says what certificates of its kind have to say', async (t) => {
  const { ca, leaf } = issue(t, 'localhost');
  const caText = await openssl(t, 'x509', '-in', ca, '-noout', '-text');
  for (const part of [
    /Basic Constraints: critical\s+CA:TRUE, pathlen:0/,
    /Key Usage: critical\s+Certificate Sign, CRL Sign/,
    /Extended Key Usage:\s+TLS Web Server Authentication/,
    /Subject Key Identifier/,
    /Name Constraints: critical\s+Permitted:\s+DNS:localhost\s+IP:127\.0\.0\.0\/255\.0\.0\.0\s+IP:0:0:0:0:0:0:0:1/,
    /Public-Key: \(256 bit\)/,
  ]) {
    t.match(caText, part);
  }
  const leafText = await openssl(t, 'x509', '-in', leaf, '-noout', '-text');
  for (const part of [
    /Basic Constraints: critical\s+CA:FALSE/,
    /Key Usage: critical\s+Digital Signature\n/,
    /Extended Key Usage:\s+TLS Web Server Authentication/,
    /DNS:localhost, DNS:\*\.localhost, IP Address:127\.0\.0\.1, IP Address:0:0:0:0:0:0:0:1/,
    /ASN1 OID: prime256v1/,
    /ecdsa-with-SHA256/,
  ]) {
    t.match(leafText, part);
  }
  const identifier = /Subject Key Identifier:\s+([0-9A-F:]+)/.exec(caText)?.[1] ?? 'none';
  t.match(leafText, new RegExp(`Authority Key Identifier:\\s+(keyid:)?${identifier}`));
});

t.test('identifies every key, also one whose bits look like ASN.1', async (t) => {
  const looksLikeAsn1 = (pem: string): boolean =>
    createPublicKey(pem).export({ type: 'spki', format: 'der' }).at(-64) === 63;
  let key = newKey();
  while (!looksLikeAsn1(key)) key = newKey();
  const authority = parseAuthority(newAuthority(key, 'localhost', now), key);
  const leafs = [newKey(), key].map((keyPem) =>
    issueLeaf(authority, { keyPem, host: 'localhost', names: namesFor('localhost') }, now),
  );
  for (const leaf of leafs) t.ok(new X509Certificate(leaf).checkIssued(authority.certificate));
  const directory = scratchDir(t);
  const path = join(directory, 'leaf.pem');
  writeFileSync(path, leafs[1] ?? '');
  const text = await openssl(t, 'x509', '-in', path, '-noout', '-ext', 'subjectKeyIdentifier');
  const point = createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-65);
  writeFileSync(join(directory, 'point'), point);
  const digest = await openssl(t, 'dgst', '-sha256', '-c', join(directory, 'point'));
  const leftmost = /= ([0-9a-f:]{59})/.exec(digest)?.[1] ?? 'none';
  t.match(text.toLowerCase(), leftmost);
});

t.test('reads back what it wrote', async (t) => {
  const key = newKey();
  const authority = new X509Certificate(newAuthority(key, 'preview.example.com', now));
  t.same(permittedDomains(authority), ['preview.example.com', 'localhost']);
  const { leaf } = issue(t, 'localhost');
  const parsed = new X509Certificate(readFileSync(leaf));
  t.equal(permittedDomains(parsed), undefined);
  t.ok(certifiesExactly(parsed, namesFor('localhost')));
  t.notOk(certifiesExactly(parsed, namesFor('example.com')));
  t.notOk(certifiesExactly(parsed, [...namesFor('localhost'), { dns: 'x.localhost' }]));
});

t.test('writes dates after 2049 as they have to be, and serial numbers that differ', async (t) => {
  const keyPem = newKey();
  const publicKey = createPublicKey(keyPem);
  const name = distinguishedName({ organization: 'Porthole', commonName: 'test' });
  const make = (from: Date): X509Certificate =>
    new X509Certificate(
      signCertificate(
        {
          issuer: name,
          subject: name,
          publicKey,
          ...validFor(10 * 60 * 60 * 1000, from),
          extensions: serverExtensions(publicKey, publicKey, [{ dns: 'test' }]),
        },
        createPrivateKey(keyPem),
      ),
    );
  const newYear = make(new Date('2050-01-01T00:30:00Z'));
  t.equal(newYear.validFromDate.toISOString(), '2049-12-31T23:30:00.000Z');
  t.equal(newYear.validToDate.toISOString(), '2050-01-01T09:30:00.000Z');
  const serials = Array.from({ length: 50 }, () => make(now).serialNumber);
  t.equal(new Set(serials).size, 50);
  for (const serial of serials) t.match(serial, /^[4-7][0-9A-F]{31}$/);
});
