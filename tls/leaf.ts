import { X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto';
import type { Authority } from './authority.ts';
import type { CertificatePair } from './certificate-source.ts';
import type { GeneralName } from './x509.ts';
import {
  certifiesExactly,
  distinguishedName,
  serverExtensions,
  signCertificate,
  subjectOf,
  validFor,
} from './x509.ts';

/** Browsers refuse more than 397 days; it is short because renewal costs nobody anything. */
const lifeMs = 90 * 24 * 60 * 60 * 1000;
/** The part of its life that is left when a leaf is renewed. */
const renewedAtPart = 1 / 3;
const maxCommonNameLength = 64;

const loopbackAddresses: readonly GeneralName[] = [
  { ip: Buffer.from('7f000001', 'hex') },
  { ip: Buffer.from(`${'00'.repeat(15)}01`, 'hex') },
];

/** The names of the leaf for a domain, all hosts one label below it, and hosts elsewhere; for `localhost` its addresses as well. */
export function namesFor(domain: string, otherHosts: readonly string[] = []): GeneralName[] {
  const others = otherHosts.filter((host) => host.slice(host.indexOf('.') + 1) !== domain && host !== domain);
  const names: GeneralName[] = [domain, `*.${domain}`, ...others].map((dns) => ({ dns }));
  return domain === 'localhost' ? [...names, ...loopbackAddresses] : names;
}

/** A server's certificate for a key and names, the first of which is called `host`; as PEM. */
export function issueLeaf(
  authority: Authority,
  { keyPem, host, names }: { keyPem: string; host: string; names: readonly GeneralName[] },
  now: Date,
): string {
  const publicKey = createPublicKey(keyPem);
  const commonName = host.length > maxCommonNameLength ? 'Porthole development certificate' : host;
  return signCertificate(
    {
      issuer: subjectOf(authority.certificate),
      subject: distinguishedName({ organization: 'Porthole', commonName }),
      publicKey,
      ...validFor(lifeMs, now),
      extensions: serverExtensions(publicKey, authority.key, names),
    },
    authority.key,
  );
}

/** Why a leaf that is there has to be replaced; `undefined` if it can stay in use. */
export function leafProblem(
  { cert, key }: CertificatePair,
  { authority, names, now }: { authority: Authority; names: readonly GeneralName[]; now: Date },
): 'unreadable' | 'other-authority' | 'other-domain' | 'expiring' | undefined {
  const leaf = parseLeaf(cert, key);
  if (leaf === undefined) return 'unreadable';
  const { certificate } = authority;
  if (!leaf.checkIssued(certificate) || !leaf.verify(certificate.publicKey)) return 'other-authority';
  if (!certifiesExactly(leaf, names)) return 'other-domain';
  return isExpiring(leaf, now) ? 'expiring' : undefined;
}

function parseLeaf(cert: string, key: string): X509Certificate | undefined {
  try {
    const leaf = new X509Certificate(cert);
    return leaf.checkPrivateKey(createPrivateKey(key)) ? leaf : undefined;
  } catch {
    return undefined;
  }
}

/** One from the future, issued while the clock was wrong, is as bad as one that is nearly over. */
function isExpiring(leaf: X509Certificate, now: Date): boolean {
  const from = leaf.validFromDate.getTime();
  const to = leaf.validToDate.getTime();
  return now.getTime() < from || to - now.getTime() < (to - from) * renewedAtPart;
}
