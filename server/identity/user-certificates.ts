import { createHash } from 'node:crypto';
import { fingerprint } from '../../core/fingerprint.ts';
import { keyId } from '../../core/names.ts';
import { inspectPublicKey } from '../../core/public-key.ts';
import { parseCertificate, type SshCertificate } from '../../core/ssh-certificate.ts';
import { WireReader, wireText } from '../../core/ssh-wire.ts';
import type { Admission, Admissions, OfferedKey } from './admission.ts';
import { certificateProblem, certificateRules, expiryOf, rightsOf } from './certificate.ts';
import type { Identity } from './identity.ts';
import type { OwnAuthorityKey } from './own-authority.ts';
import { verifySignature } from './signature.ts';
import type { UserAuthorities } from './user-authorities.ts';

export interface UserCertificatesOptions {
  readonly authorities: Pick<UserAuthorities, 'has' | 'onChange' | 'close'>;
  /** The gateway's own, whose certificates it keeps count of. */
  readonly own: OwnAuthorityKey & { close(): void };
  readonly issued: {
    /** By the serial, in decimal. */
    isRevoked(serial: string): boolean;
    /** The fingerprint of the key that got it for itself; undefined for others. */
    keyOf(serial: string): string | undefined;
    onChange(callback: () => void): void;
  };
  /** Whether a plain key could log in, by what the gateway or its operator's file says of it. */
  readonly isKnown: (key: OfferedKey, address: string) => boolean;
  readonly now?: () => number;
}

/** Certificates whose signature was found good: live connections are asked about again and again. */
const maxVerified = 10_000;

/**
 * Admits whoever has an OpenSSH user certificate that is signed by a known authority, while it is valid. The authority names the principal by
 * the key id and says in the certificate's principals what it may do.
 */
export class UserCertificates implements Admissions {
  readonly #options: UserCertificatesOptions;
  readonly #now: () => number;
  readonly #verified = new Set<string>();

  /** Takes the authorities over, to close them. */
  constructor(options: UserCertificatesOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** What is offered is a certificate; the signature that proves it to be the client's own is by the key in it. */
  admit(offered: Pick<OfferedKey, 'blob'>, address: string): Admission {
    const parsed = parseCertificate(offered.blob);
    if (!parsed.ok) return refused(parsed.problem);
    const certificate = parsed.value;
    const { own, authorities } = this.#options;
    const isOwn = own.current?.blob.equals(certificate.authority) ?? false;
    if (!isOwn && !authorities.has(certificate.authority))
      return refused('the certificate is not signed by an authority that is known here');
    const problem =
      this.#forgery(offered.blob, certificate) ??
      certificateProblem(certificate, { now: this.#now(), address });
    if (problem !== undefined) return refused(problem);
    const withdrawn = isOwn ? this.#withdrawal(certificate, address) : undefined;
    if (withdrawn !== undefined) return refused(withdrawn);
    return {
      kind: 'admitted',
      identity: identityOf(certificate, isOwn),
      securityKey: certificateRules(certificate),
    };
  }

  onChange(callback: () => void): void {
    const { own, authorities, issued } = this.#options;
    for (const part of [own, authorities, issued]) part.onChange(callback);
  }

  close(): void {
    this.#options.own.close();
    this.#options.authorities.close();
  }

  /** Why the gateway stands by a certificate of its own no more: what somebody got for their key ends with the key. */
  #withdrawal({ serial, subject }: SshCertificate, address: string): string | undefined {
    const { issued, isKnown } = this.#options;
    const name = String(serial);
    if (issued.isRevoked(name)) return 'the certificate has been revoked';
    return issued.keyOf(name) === undefined || isKnown(subject, address)
      ? undefined
      : 'the key that got the certificate is not known here any more';
  }

  /** Why the certificate is none that its authority made for a sound key; undefined when it is. */
  #forgery(blob: Buffer, certificate: SshCertificate): string | undefined {
    const name = createHash('sha256').update(blob).digest('base64');
    if (this.#verified.has(name)) return undefined;
    const problem = forgeryOf(certificate);
    if (problem !== undefined) return problem;
    if (this.#verified.size >= maxVerified) this.#verified.clear();
    this.#verified.add(name);
    return undefined;
  }
}

function forgeryOf({ subject, authority, signed, signature }: SshCertificate): string | undefined {
  const inspection = inspectPublicKey(subject.type, subject.blob);
  if (!inspection.ok) return `the key in the certificate cannot be used: ${inspection.problem}`;
  const type = wireText(new WireReader(authority).string()) ?? '';
  const verdict = verifySignature({ key: { type, blob: authority }, signature, data: signed });
  return verdict.ok ? undefined : `the certificate is not genuine: of its authority, ${verdict.reason}`;
}

/** The namespaces are apart: another authority cannot name the gateway's own principals. */
function identityOf(certificate: SshCertificate, isOwn: boolean): Identity {
  const { id, subject, serial, authority, principals } = certificate;
  const print = fingerprint(subject.blob);
  const expiresAt = expiryOf(certificate);
  let principal = isOwn ? id : `cert:${id}`;
  if (id === '') principal = print;
  return {
    principal,
    ...rightsOf(principals),
    fingerprint: print,
    keyId: keyId(subject.blob),
    ...(expiresAt !== undefined && { expiresAt }),
    source: {
      kind: 'certificate',
      serial: String(serial),
      certificateId: id,
      authority: fingerprint(authority),
    },
  };
}

function refused(reason: string): Admission {
  return { kind: 'refused', reason };
}
