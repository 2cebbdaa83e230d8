import { quote } from '../../core/quote.ts';
import type { Identity } from '../identity/identity.ts';
import type { ReachDecision } from './reach.ts';
import type { TargetRecord } from './target-record.ts';

/** What a certificate for a machine is to say. Seconds since the epoch. */
export interface CertificateTerms {
  readonly osUser: string;
  readonly principal: string;
  readonly validAfter: number;
  readonly validBefore: number;
}

export interface TermsRequest {
  readonly identity: Pick<Identity, 'expiresAt'>;
  readonly target: TargetRecord;
  /** What lets the caller reach the machine's SSH server. */
  readonly allowed: Extract<ReachDecision, { kind: 'allowed' }>;
  readonly osUser: string | undefined;
  /** What they asked for, and the most that anybody gets. */
  readonly ttlMs: number | undefined;
  readonly longestMs: number;
  readonly now: number;
}

export type TermsOrRefusal =
  | { readonly kind: 'terms'; readonly terms: CertificateTerms }
  | { readonly kind: 'refused'; readonly reason: string };

/** So long before now it is valid already, for machines whose clock is behind. */
const backdatedMs = 60_000;

/** The one principal that a certificate for this user of this machine has, and that the machine's SSH server asks for. */
export function machinePrincipal(targetId: string, osUser: string): string {
  return `vm:${targetId}/${osUser}`;
}

/** What a certificate for a machine may say, at most: as whom, and for how long. Whether they may reach it at all has been decided. */
export function certificateTerms(request: TermsRequest): TermsOrRefusal {
  const { target, allowed } = request;
  const { name, id, osUsers } = target;
  if (!target.takesCertificates)
    return refused(
      `${name} takes no certificates: run "porthole agent setup" there, or log in with a key that its users know`,
    );
  const { osUser = target.osUser } = request;
  if (osUser === undefined)
    return refused(
      `it is not said whom to log in as on ${name}: give --os-user USER, or say it once with "porthole target set ${name} --os-user USER"`,
    );
  if (osUsers.length > 0 && !osUsers.includes(osUser))
    return refused(`${name} takes certificates for ${osUsers.join(', ')}, and none for ${quote(osUser)}`);
  if (allowed.osUsers !== 'any' && !allowed.osUsers.includes(osUser))
    return refused(
      `your grant lets you be ${allowed.osUsers.join(', ')} on ${name}, and not ${quote(osUser)}`,
    );
  const life = lifeOf(request);
  if (life === undefined) return refused(`what lets you reach ${name} ends at this moment`);
  return { kind: 'terms', terms: { osUser, principal: machinePrincipal(id, osUser), ...life } };
}

/** A machine that takes no more than so long a life counts all of it, also what lies before now. */
function lifeOf({ identity, target, allowed, ttlMs, longestMs, now }: TermsRequest) {
  const { longestCertificateMs: acceptedMs = Infinity } = target;
  const validAfter = Math.ceil((now - Math.min(backdatedMs, acceptedMs / 2)) / 1000);
  const end = Math.min(
    now + Math.min(ttlMs ?? longestMs, longestMs),
    validAfter * 1000 + acceptedMs,
    allowed.until ?? Infinity,
    identity.expiresAt ?? Infinity,
  );
  const validBefore = Math.floor(end / 1000);
  return validBefore * 1000 > now ? { validAfter, validBefore } : undefined;
}

function refused(reason: string): TermsOrRefusal {
  return { kind: 'refused', reason };
}
