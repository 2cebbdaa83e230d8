import { fingerprint } from '../core/fingerprint.ts';
import type { Log } from '../core/log.ts';
import type { Config } from './config/keys.ts';
import type { Admissions } from './identity/admission.ts';
import { AuthorityIssuer, type CertificateIssuer } from './identity/issuer.ts';
import type { Keys } from './identity/key-record.ts';
import { OwnAuthority } from './identity/own-authority.ts';
import { RevocationList, UnrevokedAdmissions } from './identity/revocation-list.ts';
import { UserAuthorities } from './identity/user-authorities.ts';
import { UserCertificates } from './identity/user-certificates.ts';
import type { CertificateStore } from './store/certificate-store.ts';

/** What the gateway makes of certificates: those that it takes, and those that it gives. */
export interface CertificateParts {
  readonly admissions: Admissions;
  readonly issuer: CertificateIssuer;
}

/** Where plain keys are known. */
export interface KnownKeys {
  readonly stored: Pick<Keys, 'byFingerprint'>;
  readonly file: Pick<Admissions, 'admit'> | undefined;
}

/** Opens the authorities. Throws `ERR_CONFIG` when one of their files cannot be read. */
export function openCertificateParts(
  { userCa }: Pick<Config, 'userCa'>,
  {
    stateDir,
    records,
    known,
    log,
  }: { stateDir: string; records: CertificateStore; known: KnownKeys; log: Log },
): CertificateParts {
  const authorities = new UserAuthorities({ paths: userCa, log });
  const own = new OwnAuthority({ stateDir, log });
  return {
    admissions: new UserCertificates({
      authorities,
      own,
      issued: records,
      isKnown: (key, address) =>
        known.stored.byFingerprint(fingerprint(key.blob)) !== undefined ||
        known.file?.admit(key, address).kind === 'admitted',
    }),
    issuer: new AuthorityIssuer({ authority: own, records }),
  };
}

/** The same admissions, without what the operator has revoked. Throws `ERR_CONFIG` when the list cannot be read. */
export function withoutRevoked(
  admissions: Admissions,
  { revokedKeys: path }: Pick<Config, 'revokedKeys'>,
  log: Log,
): Admissions {
  return path === undefined
    ? admissions
    : new UnrevokedAdmissions(admissions, new RevocationList({ path, log }));
}
