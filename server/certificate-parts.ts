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
  readonly authorities: UserAuthorities;
  readonly own: OwnAuthority;
  /** What the operator has revoked, if there is a list. */
  readonly revoked: RevocationList | undefined;
  /** Idempotent. */
  close(): void;
}

/** Where plain keys are known. */
export interface KnownKeys {
  readonly stored: Pick<Keys, 'byFingerprint'>;
  readonly file: Pick<Admissions, 'admit'> | undefined;
}

/** Opens the authorities, and the list of what is revoked. Throws `ERR_CONFIG` when one of their files cannot be read. */
export function openCertificateParts(
  { userCa, revokedKeys }: Pick<Config, 'userCa' | 'revokedKeys'>,
  {
    stateDir,
    records,
    known,
    log,
  }: { stateDir: string; records: CertificateStore; known: KnownKeys; log: Log },
): CertificateParts {
  const revoked = revokedKeys === undefined ? undefined : new RevocationList({ path: revokedKeys, log });
  const authorities = openAuthorities(userCa, log, () => revoked?.close());
  const own = new OwnAuthority({ stateDir, log });
  const admissions = new UserCertificates({
    authorities,
    own,
    issued: records,
    isKnown: (key, address) =>
      known.stored.byFingerprint(fingerprint(key.blob)) !== undefined ||
      known.file?.admit(key, address).kind === 'admitted',
  });
  return {
    admissions,
    issuer: new AuthorityIssuer({ authority: own, records }),
    authorities,
    own,
    revoked,
    close: () => {
      admissions.close();
      revoked?.close();
    },
  };
}

function openAuthorities(paths: readonly string[], log: Log, onFailure: () => void): UserAuthorities {
  try {
    return new UserAuthorities({ paths, log });
  } catch (error) {
    onFailure();
    throw error;
  }
}

/** The same admissions, without what the operator has revoked. */
export function withoutRevoked(admissions: Admissions, revoked: RevocationList | undefined): Admissions {
  return revoked === undefined ? admissions : new UnrevokedAdmissions(admissions, revoked);
}
