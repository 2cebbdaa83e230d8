import type { PublicKey } from '../../core/public-key.ts';
import { certificateSuffix, isCertificateType, parseCertificate } from '../../core/ssh-certificate.ts';
import { inspectPublicKey } from '../identity/inspected-keys.ts';
import type { LoginRequest } from './login-request.ts';

/** What a client offers to log in with: a key, or a certificate for one. */
export type LoginOffer =
  | {
      readonly ok: true;
      /** The type that its blob says: of the key, or of the certificate. */
      readonly type: string;
      /** The plain key, whose signature proves that it is the client's. */
      readonly subject: PublicKey;
      /** What it must be signed with. */
      readonly algorithm: string;
    }
  | { readonly ok: false; readonly type: string; readonly reason: string };

const sha1 = 'RSA signatures with SHA-1 are not accepted; use a newer client or an ed25519 key';

/** Reads an offer strictly: algorithm, type and blob agree, and the key is sound. */
export function readLoginOffer({ algorithm, blob }: Pick<LoginRequest, 'algorithm' | 'blob'>): LoginOffer {
  // RFC 8332: one type of key, several algorithms. Certificates have theirs.
  const type = algorithm.replace(/^rsa-sha2-(?:256|512)(?=$|-cert-v01@openssh\.com$)/, 'ssh-rsa');
  if (type === algorithm && /^ssh-rsa(?:$|-cert-v01@)/.test(type)) return { ok: false, type, reason: sha1 };
  return isCertificateType(type) ? readCertificate(type, algorithm, blob) : readKey(type, algorithm, blob);
}

function readKey(type: string, algorithm: string, blob: Buffer): LoginOffer {
  const inspection = inspectPublicKey(type, blob);
  if (!inspection.ok) return { ok: false, type, reason: inspection.problem };
  return { ok: true, type, subject: inspection.key, algorithm };
}

function readCertificate(type: string, algorithm: string, blob: Buffer): LoginOffer {
  const certificate = parseCertificate(blob);
  if (!certificate.ok) return { ok: false, type, reason: certificate.problem };
  const { subject } = certificate.value;
  if (certificate.value.type !== type)
    return { ok: false, type, reason: 'the certificate is not of the type that was said' };
  const inner = inspectPublicKey(subject.type, subject.blob);
  if (!inner.ok) return { ok: false, type, reason: `the key in the certificate: ${inner.problem}` };
  return { ok: true, type, subject: inner.key, algorithm: signatureAlgorithm(algorithm, subject.type) };
}

/** `rsa-sha2-512-cert-v01@openssh.com` is signed with `rsa-sha2-512`; for other types it is the key's own name. */
function signatureAlgorithm(algorithm: string, keyType: string): string {
  return keyType === 'ssh-rsa' ? algorithm.slice(0, -certificateSuffix.length) : keyType;
}
