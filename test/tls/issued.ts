import { createPrivateKey, createPublicKey } from 'node:crypto';
import { newAuthority, newKey, parseAuthority } from '../../tls/authority.ts';
import type { CertificatePair } from '../../tls/certificate-source.ts';
import { namesFor } from '../../tls/leaf.ts';
import { distinguishedName, serverExtensions, signCertificate, subjectOf } from '../../tls/x509.ts';

const dayMs = 24 * 60 * 60 * 1000;
const keyPem = newKey();
const authorityPem = newAuthority(keyPem, 'example.com', new Date());

/** The certificate of the authority that issues for these tests. */
export const issuer = authorityPem;

/** A certificate as an authority on the internet would issue it, and its key. */
export function issued({ domain = 'preview.example.com', fromDays = -1, toDays = 89 } = {}): CertificatePair {
  const authority = parseAuthority(authorityPem, keyPem);
  const key = newKey();
  const publicKey = createPublicKey(key);
  const cert = signCertificate(
    {
      issuer: subjectOf(authority.certificate),
      subject: distinguishedName({ organization: 'Test', commonName: domain }),
      publicKey,
      notBefore: new Date(Date.now() + fromDays * dayMs),
      notAfter: new Date(Date.now() + toDays * dayMs),
      extensions: serverExtensions(publicKey, createPrivateKey(keyPem), namesFor(domain)),
    },
    authority.key,
  );
  return { cert, key };
}
