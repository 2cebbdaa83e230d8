import { inAddressList } from '../../core/address-list.ts';
import { patternProblem } from '../../core/env-pattern.ts';
import { quote } from '../../core/quote.ts';
import { describeMoment, optionText, timeliness, type SshCertificate } from '../../core/ssh-certificate.ts';
import type { Role } from './identity.ts';
import type { KeyRules } from './key-record.ts';

/** A key id makes a principal's name. */
const maxIdLength = 256;

export interface Circumstances {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Where whoever shows it comes from. */
  readonly address: string;
}

/**
 * Why a user certificate, of an authority that is known, admits nobody here and now (OpenSSH's PROTOCOL.certkeys); undefined for one
 * that does. A restriction that is not understood or cannot be kept refuses: its author relied on it.
 */
export function certificateProblem(
  certificate: SshCertificate,
  { now, address }: Circumstances,
): string | undefined {
  if (certificate.use === 'host')
    return 'the certificate is for a host; whoever logs in needs one for a user (ssh-keygen -s without -h)';
  if (certificate.id.length > maxIdLength)
    return `the key id of the certificate is longer than ${String(maxIdLength)} characters`;
  const late = timeProblem(certificate, now);
  if (late !== undefined) return late;
  for (const [name, data] of certificate.criticalOptions) {
    const problem = optionProblem(name, data, address);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function timeProblem(certificate: SshCertificate, now: number): string | undefined {
  switch (timeliness(certificate, now)) {
    case 'valid':
      return undefined;
    case 'not-yet':
      return `the certificate is not valid before ${describeMoment(certificate.validAfter)}`;
    case 'expired':
      return `the certificate expired at ${describeMoment(certificate.validBefore)}`;
  }
}

function optionProblem(name: string, data: Buffer, address: string): string | undefined {
  switch (name) {
    case 'verify-required':
      // Kept by whoever checks the signature: see `certificateRules`.
      return data.length === 0 ? undefined : 'the option verify-required of the certificate is damaged';
    case 'source-address':
      return sourceProblem(optionText(data), address);
    case 'force-command':
      return 'the certificate is only good for its force-command, and nobody runs commands here; ask for one without';
    default:
      return `the certificate has the critical option ${quote(name)}, which is not known here`;
  }
}

function sourceProblem(list: string | undefined, address: string): string | undefined {
  const isIn = list === undefined ? undefined : inAddressList(list, address);
  if (isIn === undefined) return 'the source-address of the certificate is not a list of networks';
  return isIn ? undefined : `the certificate is not good from ${address}, only from its source-address`;
}

/** What a signature of the FIDO key in the certificate must show. */
export function certificateRules({ criticalOptions, extensions }: SshCertificate): KeyRules {
  return {
    touchRequired: !extensions.has('no-touch-required'),
    verifyRequired: criticalOptions.has('verify-required'),
  };
}

/** The end of its validity in milliseconds since the epoch; undefined when that is further away than numbers reach. */
export function expiryOf({ validBefore }: Pick<SshCertificate, 'validBefore'>): number | undefined {
  const ms = validBefore * 1000n;
  return ms > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(ms);
}

const roles: readonly Role[] = ['machine', 'member', 'admin'];

/**
 * What the principals of a certificate allow: `env:GLOB` the names that it may claim, `role:ROLE` what it is. Others are somebody
 * else's affair, and of several roles the least counts.
 */
export function rightsOf(principals: readonly string[]): { role: Role; envPatterns: readonly string[] } {
  const envPatterns = valuesOf(principals, 'env:').filter((glob) => patternProblem(glob) === undefined);
  const named = valuesOf(principals, 'role:');
  const role = roles.find((each) => named.includes(each)) ?? 'machine';
  return { role, envPatterns: [...new Set(envPatterns)] };
}

/** The principals that say so; `rightsOf` reads them back. */
export function principalsFor(role: Role, envPatterns: readonly string[]): readonly string[] {
  return [`role:${role}`, ...envPatterns.map((pattern) => `env:${pattern}`)];
}

function valuesOf(principals: readonly string[], prefix: string): readonly string[] {
  return principals
    .filter((principal) => principal.startsWith(prefix))
    .map((principal) => principal.slice(prefix.length));
}
