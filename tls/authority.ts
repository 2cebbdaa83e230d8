import {
  X509Certificate,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { GeneralName } from './x509.ts';
import {
  authorityExtensions,
  distinguishedName,
  permittedDomains,
  signCertificate,
  validFor,
} from './x509.ts';

/** A certificate authority: its certificate and its private key, on P-256. */
export interface Authority {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

const dayMs = 24 * 60 * 60 * 1000;
const lifeMs = 3_650 * dayMs;
/** Replaced while the leaf certificates that it issues still live their full life. */
const replacedBeforeEndMs = 100 * dayMs;

/** 127.0.0.0/8 and ::1, as name constraints have them: address and mask. */
const loopbackNetworks: readonly GeneralName[] = [
  { ip: Buffer.from('7f000000ff000000', 'hex') },
  { ip: Buffer.from(`${'00'.repeat(15)}01${'ff'.repeat(16)}`, 'hex') },
];

/** A new private key on P-256, as PEM: an RSA one is several times dearer to sign with, in every handshake. */
export function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/**
 * The certificate of an authority for one domain, and hosts elsewhere, as PEM. People put it among the authorities that they trust, so name
 * constraints keep whoever gets at its key from speaking for any other site. `localhost` is always permitted: it is
 * nobody else's.
 */
export function newAuthority(
  keyPem: string,
  domain: string,
  now: Date,
  otherHosts: readonly string[] = [],
): string {
  const key = createPrivateKey(keyPem);
  const publicKey = createPublicKey(key);
  const digest = createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' }));
  const commonName = `Porthole development CA ${digest.digest('hex').slice(0, 8)}`;
  const name = distinguishedName({ organization: 'Porthole', commonName });
  const permitted = [...new Set([domain, ...otherHosts, 'localhost'])].map((dns) => ({ dns }));
  const extensions = authorityExtensions(publicKey, [...permitted, ...loopbackNetworks]);
  return signCertificate(
    { issuer: name, subject: name, publicKey, ...validFor(lifeMs, now), extensions },
    key,
  );
}

/** Reads what `newKey` and `newAuthority` made; throws an error that says what is wrong with it. */
export function parseAuthority(certificatePem: string, keyPem: string): Authority {
  const certificate = new X509Certificate(certificatePem);
  const key = createPrivateKey(keyPem);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('the key is not on P-256');
  if (!certificate.ca) throw new Error('it is not the certificate of an authority');
  if (!certificate.checkPrivateKey(key)) throw new Error('certificate and key do not belong together');
  return { certificate, key };
}

/** Why an authority cannot issue certificates for all of these domains any more; `undefined` if it can. */
export function authorityProblem(
  { certificate }: Authority,
  domains: readonly string[],
  now: Date,
): 'expiring' | 'other-domain' | undefined {
  if (certificate.validToDate.getTime() - now.getTime() < replacedBeforeEndMs) return 'expiring';
  const permitted = permittedDomains(certificate);
  const permits = (domain: string): boolean =>
    permitted?.some((name) => domain === name || domain.endsWith(`.${name}`)) ?? true;
  return domains.every(permits) ? undefined : 'other-domain';
}
