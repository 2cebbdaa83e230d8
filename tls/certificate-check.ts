import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Parsed } from '../core/parsed.ts';
import { problem } from '../core/parsed.ts';
import type { CertificatePair } from './certificate-source.ts';
import { certificateBlocks, keyBlock, pemBlocks } from './pem.ts';
import { cipherSuites, minVersion } from './policy.ts';

/** A certificate and key that work, and what an operator should know about them nevertheless. */
export interface CheckedCertificate {
  readonly pair: CertificatePair;
  readonly leaf: X509Certificate;
  readonly warnings: readonly string[];
}

const dayMs = 24 * 60 * 60 * 1000;
const warnBeforeEndMs = 14 * dayMs;

/** Checks the texts of a certificate file (leaf first, then its chain) and of a key file. */
export function checkCertificate(
  files: { readonly cert: string; readonly key: string },
  { domain, otherHosts = [], now }: { domain: string; otherHosts?: readonly string[]; now: Date },
): Parsed<CheckedCertificate> {
  const chain = parseChain(files.cert);
  if (!chain.ok) return chain;
  const key = parseKey(files.key);
  if (!key.ok) return key;
  const [leaf, ...issuers] = chain.value;
  if (leaf === undefined) return problem('there is no certificate in the certificate file');
  if (!leaf.checkPrivateKey(key.value.object)) return problem('the key is not the one of the certificate');
  const pair = { cert: chain.value.map(String).join(''), key: key.value.text };
  const refused = contextProblem(pair);
  if (refused !== undefined) return problem(refused);
  const warnings = [
    ...dateWarnings(leaf, now),
    ...nameWarnings(leaf, domain, otherHosts),
    ...chainWarnings(leaf, issuers),
  ];
  return { ok: true, value: { pair, leaf, warnings } };
}

/** What there is to say about when it is valid. */
export function dateWarnings(leaf: X509Certificate, now: Date): string[] {
  const leftMs = leaf.validToDate.getTime() - now.getTime();
  if (leftMs < 0) return [`the certificate expired on ${leaf.validToDate.toISOString()}`];
  if (now < leaf.validFromDate)
    return [`the certificate is not valid before ${leaf.validFromDate.toISOString()}`];
  return leftMs < warnBeforeEndMs
    ? [`the certificate expires in ${String(Math.floor(leftMs / dayMs))} days`]
    : [];
}

function parseChain(text: string): Parsed<X509Certificate[]> {
  const blocks = pemBlocks(text);
  if (blocks === undefined) return problem('the certificate file is cut off, or not PEM');
  try {
    return { ok: true, value: certificateBlocks(blocks).map((block) => new X509Certificate(block)) };
  } catch (error) {
    return problem(`a certificate cannot be read: ${(error as Error).message}`);
  }
}

function parseKey(text: string): Parsed<{ object: KeyObject; text: string }> {
  const block = keyBlock(pemBlocks(text) ?? []);
  if (block === undefined) return problem('there is no private key in the key file, or it is not PEM');
  if (block.text.includes('ENCRYPTED')) return problem('the key is encrypted with a passphrase');
  try {
    return { ok: true, value: { object: createPrivateKey(block.text), text: block.text } };
  } catch (error) {
    return problem(`the key cannot be read: ${(error as Error).message}`);
  }
}

/** OpenSSL refuses to serve some that it can read, such as those with a key that is too short. */
function contextProblem(pair: CertificatePair): string | undefined {
  try {
    createSecureContext({ ...pair, minVersion, ciphers: cipherSuites });
    return undefined;
  } catch (error) {
    return `OpenSSL does not accept them: ${(error as Error).message}`;
  }
}

function nameWarnings(leaf: X509Certificate, domain: string, otherHosts: readonly string[]): string[] {
  const covers = (host: string): boolean => leaf.checkHost(host, { subject: 'never' }) !== undefined;
  return [
    ...(covers(domain) ? [] : [`the certificate is not for ${domain}`]),
    ...(covers(`preview.${domain}`) ? [] : [`the certificate is not for *.${domain}`]),
    ...otherHosts.filter((host) => !covers(host)).map((host) => `the certificate is not for ${host}`),
  ];
}

function chainWarnings(leaf: X509Certificate, issuers: readonly X509Certificate[]): string[] {
  const chain = [leaf, ...issuers];
  const broken = issuers.some((issuer, index) => chain[index]?.checkIssued(issuer) !== true);
  if (broken) return ['the chain is not in order: each certificate is to be followed by its issuer'];
  const selfSigned = leaf.checkIssued(leaf);
  return issuers.length === 0 && !selfSigned
    ? ['there is no intermediate certificate: some clients will refuse it']
    : [];
}
