import type { ErrorCode } from '../../core/errors.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import type { AuthorityKey } from '../identity/authority-file.ts';
import { newSerial, signCertificate } from '../identity/certificate-signing.ts';
import type { Caller, KeyRules, PlainKey } from '../identity/key-record.ts';
import type { AuditDetail, AuditEntry, AuditRecorder } from '../store/audit-entry.ts';
import { SourceAllowance } from '../oidc/source-allowance.ts';
import { certificateTerms, type CertificateTerms } from './certificate-terms.ts';
import type { Reachability, ReachDecision } from './reach.ts';
import type { TargetBook } from './target-book.ts';
import type { TargetRecord } from './target-record.ts';

/** A certificate for one user of one machine. */
export interface TargetCertificate {
  readonly kind: 'issued';
  /** As it stands in a `-cert.pub` file, without a line end. */
  readonly line: string;
  /** Decimal. */
  readonly serial: string;
  readonly osUser: string;
  /** The one principal in it. */
  readonly principal: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface CertificateWish {
  readonly caller: Caller;
  readonly target: TargetRecord;
  /** Whom to be there; whom people are there, if they say nothing else. */
  readonly osUser: string | undefined;
  readonly ttlMs: number | undefined;
  readonly now: number;
}

/** `reason` is for whoever asked. */
export interface CertificateRefusal {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  readonly reason: string;
}

export interface TargetCertificatesOptions {
  readonly authority: { readonly key: AuthorityKey };
  readonly reach: Reachability;
  readonly book: Pick<TargetBook, 'gates' | 'profilesOf'>;
  /** The principal that an environment belongs to. */
  readonly ownerOf: (env: string) => string | undefined;
  /** The longest that a certificate may be good. */
  readonly longestMs: number;
  readonly audit: AuditRecorder;
  /** Milliseconds of a clock that never goes back. */
  readonly clock?: () => number;
}

/** What sshd lets its users do by a certificate that says so. */
const extensions = [
  'permit-X11-forwarding',
  'permit-agent-forwarding',
  'permit-port-forwarding',
  'permit-pty',
  'permit-user-rc',
];
/** For each principal: plenty for many logins at once, and no more than a trickle for a loop. */
const allowance = {
  burst: 120,
  everyMs: 1000,
  maxInFlight: 1,
  maxInFlightPerSource: 1,
  maxSources: 10_000,
};

type Allowed = Extract<ReachDecision, { kind: 'allowed' }>;

/**
 * Certificates for the last hop: for the key that somebody logged in to the gateway with, good for one user of one machine, and for minutes. Given to
 * whoever may reach the machine's SSH server at that moment; the machine decides whether it takes them.
 */
export class TargetCertificates {
  readonly #options: TargetCertificatesOptions;
  readonly #allowance: SourceAllowance;

  constructor(options: TargetCertificatesOptions) {
    this.#options = options;
    this.#allowance = new SourceAllowance(allowance, options.clock ?? (() => performance.now()));
  }

  /** What machines must trust: `ssh-ed25519 AAAA... comment`. Throws `ERR_STATE_DIR`. */
  caLine(): string {
    return this.#options.authority.key.line;
  }

  /** Throws `ERR_STATE_DIR` when there is no authority and none can be made. */
  issue(wish: CertificateWish): TargetCertificate | CertificateRefusal {
    const { caller, target } = wish;
    const { key } = caller;
    if (key === undefined)
      return refusal('ERR_GATE_REFUSED', 'a certificate is for an SSH key: ask for it with that, over SSH');
    const decision = this.#decide(wish);
    if (decision.kind === 'refused') return this.#refuse(wish, refusal(decision.code, decision.reason));
    const drawn = certificateTerms({
      identity: caller.identity,
      target,
      allowed: decision,
      osUser: wish.osUser ?? this.#profileUser(wish),
      ttlMs: wish.ttlMs,
      longestMs: this.#options.longestMs,
      now: wish.now,
    });
    if (drawn.kind === 'refused') return this.#refuse(wish, refusal('ERR_GATE_REFUSED', drawn.reason));
    const leave = this.#allowance.enter(caller.identity.principal);
    if (leave === undefined)
      return this.#refuse(
        wish,
        refusal('ERR_LIMIT', 'you have asked for too many certificates; wait a little'),
      );
    leave();
    return this.#sign({ wish, key, terms: drawn.terms, by: decision.by });
  }

  /** By whichever gate: which one they then come in by is decided when they do. */
  #decide({ caller, target, now }: CertificateWish): ReachDecision {
    const { reach, book, ownerOf } = this.#options;
    const ask = (user: string): ReachDecision =>
      reach.decide({
        identity: caller.identity,
        user,
        env: target.env,
        owner: ownerOf(target.env),
        service: 'ssh',
        target: target.id,
        now,
      });
    const decisions = [...book.gates()].map(({ name }) => ask(name));
    const allowed = decisions.filter((decision): decision is Allowed => decision.kind === 'allowed');
    return allowed.sort(atMostFirst)[0] ?? decisions[0] ?? ask('');
  }

  /** Whom their own profiles of the machine agree on. */
  #profileUser({ caller, target }: CertificateWish): string | undefined {
    const profiles = this.#options.book.profilesOf(caller.identity.principal);
    const users = profiles.filter((profile) => profile.target === target.id).map(({ osUser }) => osUser);
    return new Set(users).size === 1 ? users[0] : undefined;
  }

  #sign({
    wish,
    key,
    terms,
    by,
  }: {
    wish: CertificateWish;
    key: PlainKey;
    terms: CertificateTerms;
    by: string;
  }): TargetCertificate {
    const { osUser, principal, validAfter, validBefore } = terms;
    const serial = newSerial();
    const content = {
      subject: key.blob,
      serial,
      id: wish.caller.identity.principal,
      principals: [principal],
      validAfter,
      validBefore,
      ...signatureRules(key),
    };
    const line = signCertificate(content, this.#options.authority.key);
    const expiresAt = validBefore * 1000;
    const detail = {
      serial: String(serial),
      key: fingerprint(key.blob),
      osUser,
      expires: new Date(expiresAt).toISOString(),
      by,
    };
    this.#options.audit.record(entryOf(wish, { result: 'ok', detail }));
    return { kind: 'issued', line, serial: String(serial), osUser, principal, expiresAt };
  }

  #refuse(wish: CertificateWish, refused: CertificateRefusal): CertificateRefusal {
    const detail = { ...(wish.osUser !== undefined && { osUser: wish.osUser }), reason: refused.reason };
    this.#options.audit.record(entryOf(wish, { result: 'refused', detail }));
    return refused;
  }
}

/** What the gateway holds a FIDO key to the machine does as well. */
function signatureRules({ type, rules }: PlainKey): { criticalOptions?: string[]; extensions: string[] } {
  if (!type.startsWith('sk-')) return { extensions };
  const { touchRequired, verifyRequired }: KeyRules = rules;
  return {
    criticalOptions: verifyRequired ? ['verify-required'] : [],
    extensions: touchRequired ? extensions : [...extensions, 'no-touch-required'],
  };
}

/** The one that holds longest; of those for everybody first. */
function atMostFirst(a: Allowed, b: Allowed): number {
  const users = Number(b.osUsers === 'any') - Number(a.osUsers === 'any');
  return users !== 0 ? users : (b.until ?? Infinity) - (a.until ?? Infinity) || 0;
}

function entryOf(
  { caller, target, now }: CertificateWish,
  { result, detail }: { result: 'ok' | 'refused'; detail: AuditDetail },
): AuditEntry {
  const { identity, address } = caller;
  return {
    at: now,
    principal: identity.principal,
    fingerprint: identity.fingerprint,
    address,
    action: 'target.cert',
    target: target.name,
    result,
    detail: { ...detail, id: target.id },
  };
}

function refusal(code: ErrorCode, reason: string): CertificateRefusal {
  return { kind: 'refused', code, reason };
}
