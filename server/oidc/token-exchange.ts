import { PortholeError, type ErrorCode } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { patternOutside } from '../identity/patterns.ts';
import type { CertificateIssuer } from '../identity/issuer.ts';
import type { AuditRecorder } from '../store/audit-entry.ts';
import { audiencesOf, choosePolicy, type Claims } from './choose-policy.ts';
import { ExchangeVisit, type ExchangeCall } from './exchange-visit.ts';
import { readExchangeRequest, type ExchangeRequest } from './exchange-request.ts';
import { IssuerKeys } from './issuer-keys.ts';
import type { Grant, Policy } from './policy.ts';
import { SourceAllowance, type AllowanceLimits } from './source-allowance.ts';
import { UsedTokens, type Use } from './used-tokens.ts';
import { leewaySeconds, verifyToken } from './verify-token.ts';
import type { VisitTokens } from './visit-tokens.ts';

/** Fit for whoever asked. */
export type ExchangeAnswer =
  | { readonly kind: 'json'; readonly value: unknown }
  | {
      readonly kind: 'failure';
      readonly code: ErrorCode;
      readonly reason?: string;
      readonly next?: string;
      readonly retryAfterSeconds?: number;
    };

export interface TokenExchangeOptions {
  readonly policies: () => readonly Policy[];
  readonly certificates: CertificateIssuer;
  readonly visitTokens: VisitTokens;
  readonly audit: AuditRecorder;
  readonly log: Log;
  readonly limits?: AllowanceLimits;
  readonly maxUsedTokens?: number;
  readonly now?: () => number;
  readonly keysOf?: (issuer: string) => IssuerKeys;
}

type KeyRequest = Extract<ExchangeRequest, { kind: 'certificate' }>;
type VisitRequest = Extract<ExchangeRequest, { kind: 'visit' }>;

/** For many runners behind one address, and far from what checking signatures costs. */
export const defaultLimits: AllowanceLimits = {
  burst: 60,
  everyMs: 1000,
  maxInFlight: 64,
  maxInFlightPerSource: 16,
  maxSources: 10_000,
};
const defaultMaxUsedTokens = 50_000;
const maxBodyBytes = 32 * 1024;
const hintForStrangers = 'Ask the operator: the log of the gateway says why, by the error id.';

/** `POST /_porthole/oidc`: an ID token of a CI system for a certificate that lives as long as its job, or for a token to visit an environment. */
export class TokenExchange {
  readonly path = '/_porthole/oidc';
  readonly on = 'gateway';
  readonly methods = ['POST'] as const;
  readonly maxBodyBytes = maxBodyBytes;
  readonly #options: TokenExchangeOptions;
  readonly #now: () => number;
  readonly #allowance: SourceAllowance;
  readonly #used: UsedTokens;
  readonly #issuers = new Map<string, IssuerKeys>();

  constructor(options: TokenExchangeOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#allowance = new SourceAllowance(options.limits ?? defaultLimits, this.#now);
    this.#used = new UsedTokens(options.maxUsedTokens ?? defaultMaxUsedTokens);
  }

  /** Before anything is read: a function that ends the visit, or undefined for who asks for too much. */
  enter(address: string): (() => void) | undefined {
    return this.#allowance.enter(address);
  }

  /** Never rejects. */
  async answer(call: ExchangeCall): Promise<ExchangeAnswer> {
    const request = readExchangeRequest(call.body);
    if (!request.ok) return { kind: 'failure', code: 'ERR_BAD_REQUEST', reason: request.problem };
    try {
      return await this.#exchange(request.value, call);
    } catch (error) {
      return this.#failed(error, call);
    }
  }

  async #exchange(request: ExchangeRequest, call: ExchangeCall): Promise<ExchangeAnswer> {
    const nowMs = this.#now();
    const policies = this.#options.policies();
    const keysOf = (issuer: string): IssuerKeys | undefined =>
      policies.some((policy) => policy.issuer === issuer) ? this.#keysOf(issuer) : undefined;
    const verification = await verifyToken(request.token, { keysOf, nowMs });
    switch (verification.kind) {
      case 'verified':
        return this.#decide(new ExchangeVisit(request, call, verification.claims));
      case 'refused':
        this.#log(call, 'info', { reason: verification.reason });
        return refusal(verification.told);
      case 'unavailable':
        this.#log(call, 'error', { reason: verification.reason });
        return { kind: 'failure', code: 'ERR_ISSUER_UNAVAILABLE', retryAfterSeconds: 5 };
    }
  }

  /** The policies are asked anew: they may have changed while the keys were fetched. */
  async #decide(visit: ExchangeVisit): Promise<ExchangeAnswer> {
    const nowMs = this.#now();
    const choice = choosePolicy(this.#options.policies(), visit.claims, nowMs);
    if (choice.kind === 'none') {
      const told = choice.isForOthers ? audienceHint(visit.claims) : undefined;
      return this.#refuse(visit, { reason: choice.why.join('; '), told });
    }
    const { grant } = choice;
    const { request } = visit;
    const env = request.kind === 'visit' ? [request.env] : request.env;
    const outside = env === undefined ? undefined : patternOutside(env, grant.envPatterns);
    if (outside !== undefined) {
      const reason = `the policy ${grant.policy} does not allow the environment ${outside}`;
      return this.#refuse(visit, {
        reason,
        told: 'No policy of this gateway allows this environment for the token.',
      });
    }
    return request.kind === 'visit'
      ? this.#letVisit(visit, request, grant)
      : this.#certify(visit, request, { ...grant, envPatterns: env ?? grant.envPatterns });
  }

  async #certify(visit: ExchangeVisit, request: KeyRequest, grant: Grant): Promise<ExchangeAnswer> {
    const use = this.#take(visit, visit.tokenId);
    if (use === 'by-another-key') {
      return this.#refuse(visit, {
        reason: 'the token was used by another key before',
        told: 'The token was used for another key already: get a new one.',
      });
    }
    if (use === 'no-room') return { kind: 'failure', code: 'ERR_LIMIT', retryAfterSeconds: 60 };
    return this.#sign(visit, request, grant);
  }

  async #sign(visit: ExchangeVisit, request: KeyRequest, grant: Grant): Promise<ExchangeAnswer> {
    const { call } = visit;
    const { policy, principal, role, envPatterns } = grant;
    const by = { principal, fingerprint: visit.fingerprint ?? '', address: call.address };
    const certificate = await this.#options.certificates.issue({
      key: request.key,
      principal,
      role,
      envPatterns,
      expiresAt: this.#endOf(visit, grant),
      issuedFor: `oidc ${policy}`,
      by,
    });
    const expiresAt = new Date(certificate.expiresAt).toISOString();
    const detail = { policy, serial: certificate.serial, expires: expiresAt, role, env: envPatterns };
    this.#audit(visit, { ...by, result: 'ok', detail });
    this.#log(call, 'info', { principal, ...detail, fingerprint: visit.fingerprint });
    return {
      kind: 'json',
      value: {
        certificate: certificate.line,
        expiresAt,
        env: envPatterns,
        role,
        principal,
        serial: certificate.serial,
      },
    };
  }

  /** A token to visit is bound to no key: whoever finds the job's own token later gets none, because it is good for one. */
  async #letVisit(visit: ExchangeVisit, { env }: VisitRequest, grant: Grant): Promise<ExchangeAnswer> {
    const { visitTokens } = this.#options;
    const { policy, principal } = grant;
    if (!grant.visit) {
      const reason = `the policy ${policy} does not let its jobs visit`;
      return this.#refuse(visit, { reason, told: 'No policy of this gateway lets this token visit.' });
    }
    if (!visitTokens.knows(env)) {
      const reason = `No environment is called ${env} here yet: ask again when it is connected.`;
      return { kind: 'failure', code: 'ERR_ENV_UNKNOWN', reason };
    }
    const name = `${visit.tokenId} visit ${env}`;
    const use = this.#take(visit, name);
    if (use === 'no-room') return { kind: 'failure', code: 'ERR_LIMIT', retryAfterSeconds: 60 };
    if (use !== 'first') {
      const reason = 'the token was used to visit this environment before';
      const told = 'The token was used for this environment already: get a new one.';
      return this.#refuse(visit, { reason, told });
    }
    const { address } = visit.call;
    const expiresAt = this.#endOf(visit, grant);
    try {
      const now = this.#now();
      const { id, token } = await visitTokens.issue({ env, principal, policy, expiresAt, address, now });
      const expires = new Date(expiresAt).toISOString();
      const detail = { policy, for: 'visit', env, id, expires };
      this.#audit(visit, { principal, address, result: 'ok', detail });
      this.#log(visit.call, 'info', { principal, ...detail });
      return { kind: 'json', value: { token, expiresAt: expires, env, id } };
    } catch (error) {
      this.#used.giveBack(name);
      throw error;
    }
  }

  #take(visit: ExchangeVisit, name: string): Use {
    return this.#used.take(name, {
      fingerprint: visit.fingerprint ?? '',
      until: visit.expiresAt + leewaySeconds * 1000,
      nowMs: this.#now(),
    });
  }

  #endOf({ request: { ttlMs } }: ExchangeVisit, { maxTtlMs }: Grant): number {
    return this.#now() + Math.min(maxTtlMs, ttlMs ?? maxTtlMs);
  }

  #refuse(
    visit: ExchangeVisit,
    { reason, told }: { reason: string; told: string | undefined },
  ): ExchangeAnswer {
    const { call } = visit;
    this.#audit(visit, {
      address: call.address,
      ...(visit.fingerprint !== undefined && { fingerprint: visit.fingerprint }),
      result: 'refused',
      detail: { reason },
    });
    this.#log(call, 'info', { reason, issuer: visit.claims['iss'], subject: visit.claims['sub'] });
    return refusal(told);
  }

  #failed(error: unknown, call: ExchangeCall): ExchangeAnswer {
    this.#log(call, 'error', { err: error });
    if (!(error instanceof PortholeError)) return { kind: 'failure', code: 'ERR_INTERNAL' };
    return { kind: 'failure', code: error.code, reason: error.message };
  }

  #keysOf(issuer: string): IssuerKeys {
    const known = this.#issuers.get(issuer);
    if (known !== undefined) return known;
    const keys = this.#options.keysOf?.(issuer) ?? new IssuerKeys({ issuer, now: this.#now });
    this.#issuers.set(issuer, keys);
    return keys;
  }

  #audit(
    { claims, call }: ExchangeVisit,
    entry: Omit<Parameters<AuditRecorder['record']>[0], 'at' | 'action' | 'target'>,
  ): void {
    const facts = { issuer: textOf(claims['iss']), subject: textOf(claims['sub']), request: call.requestId };
    this.#options.audit.record({
      ...entry,
      at: this.#now(),
      action: 'oidc.exchange',
      target: facts.subject,
      detail: { ...facts, ...entry.detail },
    });
  }

  #log({ requestId, address }: ExchangeCall, level: 'info' | 'error', facts: Record<string, unknown>): void {
    this.#options.log[level]({ requestId, remote: address, ...facts }, 'oidc exchange');
  }
}

function refusal(told: string | undefined): ExchangeAnswer {
  const code = 'ERR_TOKEN_REFUSED';
  return told === undefined
    ? {
        kind: 'failure',
        code,
        reason: 'No policy of this gateway admits this token.',
        next: hintForStrangers,
      }
    : { kind: 'failure', code, reason: told, next: 'Correct how the job asks for its token.' };
}

/** Its owner can read that in the token as well. */
function audienceHint(claims: Claims): string {
  const audiences = audiencesOf(claims).join(', ');
  return `The token is for another audience: ${audiences.slice(0, 200)}. Ask for one whose audience is the gateway's address.`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 512) : '';
}
