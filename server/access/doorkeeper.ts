import type { AttemptLimits } from './attempt-limits.ts';
import { challengesFor } from './challenges.ts';
import type { AccessDecision, AccessRequest, Doorkeeper, Proofs } from './decision.ts';
import type { GrantRecord, Grants } from './grant-record.ts';
import { HeldPasses } from './held-passes.ts';
import type { HeldFinding } from './held-passes.ts';
import type { Held } from './host-cookie.ts';
import { mayUseCookie } from './origins.ts';
import type { CookieRules } from './origins.ts';
import { readOwnQuery } from './own-query.ts';
import type { OwnQuery } from './own-query.ts';
import type { Pass } from './pass.ts';
import type { Places } from './places.ts';
import { preflightHeaders } from './preflight.ts';
import { Redirections } from './redirections.ts';
import type { Sealer } from './seal.ts';
import type { Sessions } from './session-record.ts';
import { ownTokenIn, ShownGrants } from './shown-grants.ts';
import { hidden, type Viewers } from './viewer.ts';
import { visitorAllowed } from './visitor-networks.ts';

/** What the doorkeeper goes by. */
export interface DoorkeeperOptions extends CookieRules {
  readonly sessions: Pick<Sessions, 'byId' | 'seen' | 'onChange'>;
  readonly grants: Pick<Grants, 'byId' | 'ofEnv' | 'used' | 'onChange'>;
  readonly viewers: Viewers;
  readonly sealer: Sealer;
  readonly proofs: Proofs;
  readonly attempts: Pick<AttemptLimits, 'check' | 'failed'>;
  readonly places: Places;
  /** Signs links and tokens. */
  readonly shareKey: Uint8Array;
  /** From which anything may be visited at all; any, if there is none. */
  readonly visitorNetworks: readonly string[];
  /** How long a cookie lasts whose grant has no end of its own. */
  readonly sessionTtlMs: number;
  /** Milliseconds since the epoch. */
  now(): number;
}

type Proof = ReturnType<Proofs['look']> | { readonly kind: 'origin' };

/** What was found of a request that nothing opened. */
interface Findings {
  readonly query: OwnQuery;
  /** It shows a link or a token that is not genuine. */
  readonly wrong: boolean;
  readonly held: HeldFinding['kind'];
  readonly proof: Exclude<Proof, { kind: 'proven' | 'unproven' }>;
}

const unknown: AccessDecision = { kind: 'unknown' };
const openToAll = allow('public', undefined);

/** Decides each request and each upgrade, by what it shows and what holds at that moment. */
export class AccessDoorkeeper implements Doorkeeper {
  readonly #options: DoorkeeperOptions;
  readonly #networks: string | undefined;
  readonly #shown: ShownGrants;
  readonly #held: HeldPasses;
  readonly #redirections: Redirections;

  constructor(options: DoorkeeperOptions) {
    this.#options = options;
    this.#networks = options.visitorNetworks.length === 0 ? undefined : options.visitorNetworks.join(',');
    this.#shown = new ShownGrants(options);
    this.#held = new HeldPasses(options);
    this.#redirections = new Redirections(options);
  }

  decide(request: AccessRequest): AccessDecision {
    const { place, address } = request;
    if (!visitorAllowed(this.#networks, address)) return unknown;
    if (!visitorAllowed(place.from, address)) return this.#decideHidden(request);
    return place.access === 'public' ? openToAll : this.#decidePrivate(request);
  }

  onChange(callback: () => void): void {
    const { sessions, grants, viewers } = this.#options;
    for (const source of [sessions, grants, viewers]) source.onChange(callback);
  }

  /** From networks that it is not for, it is what is not there: to strangers, and to those who would see it from elsewhere. */
  #decideHidden(request: AccessRequest): AccessDecision {
    const place = hidden(request.place);
    const decision = this.#decidePrivate({ ...request, place });
    return decision.kind === 'allow' ? unknown : decision;
  }

  #decidePrivate(request: AccessRequest): AccessDecision {
    const headers = preflightHeaders(request, this.#options);
    return headers === undefined ? this.#decideClosed(request) : { kind: 'preflight', headers };
  }

  /** What a program says goes first, then what a browser holds; what takes its time is last. */
  #decideClosed(request: AccessRequest): AccessDecision {
    const nowMs = this.#options.now();
    const shown = this.#shown.inHeaders(request, nowMs);
    if (shown.kind === 'opens' && !this.#isAmbient(request))
      return this.#enterByGrant(shown.grant, request, nowMs);
    const held = this.#held.look(request, nowMs);
    if (held.kind === 'opens') return this.#enterByCookie(held.held, request, nowMs);
    const query = readOwnQuery(request.path);
    // From a browser's address bar it is to go: that is for the login pages.
    const asked = request.navigation ? undefined : this.#shown.inQuery(query, request.place, nowMs);
    if (asked?.kind === 'opens') return this.#enterByQuery(asked.grant, request, nowMs);
    const proof = this.#look(request);
    if (proof.kind === 'proven') return allow(proof.via, proof.pass, { spends: 'authorization' });
    if (proof.kind === 'unproven') return { kind: 'prove', prove: () => proof.prove() };
    const wrong = shown.kind === 'wrong' || asked?.kind === 'wrong';
    return this.#refuse(request, { query, wrong, held: held.kind, proof });
  }

  /** Once told to send Basic, a browser sends it by itself, as it does cookies: from pages that may not, it counts as little. */
  #isAmbient(request: AccessRequest): boolean {
    return /^basic\b/i.test(request.authorization ?? '') && !mayUseCookie(request, this.#options);
  }

  #look(request: AccessRequest): Proof {
    const { authorization, place, address } = request;
    if (authorization === undefined) return { kind: 'not-ours' };
    if (this.#isAmbient(request)) return { kind: 'origin' };
    if (ownTokenIn(authorization) !== undefined) return { kind: 'refused' };
    return this.#options.proofs.look(authorization, { place, address });
  }

  #enterByGrant(grant: GrantRecord, request: AccessRequest, nowMs: number): AccessDecision {
    this.#noteUse(grant, request, nowMs);
    return allow(grant.kind, passOf(grant), { spends: ownAuthorization(request) });
  }

  /** A program that keeps cookies need not show the link again. A page of somebody else's must not make a browser change its cookie. */
  #enterByQuery(grant: GrantRecord, request: AccessRequest, nowMs: number): AccessDecision {
    this.#noteUse(grant, request, nowMs);
    const pass = passOf(grant);
    const spends = ownAuthorization(request);
    if (!mayUseCookie(request, this.#options)) return allow(grant.kind, pass, { spends });
    const expiresAtMs = Math.min(grant.expiresAt ?? Infinity, nowMs + this.#options.sessionTtlMs);
    const setCookies = this.#redirections.cookies({ pass, planted: [], expiresAtMs }, request, nowMs);
    return allow(grant.kind, pass, { spends, setCookies });
  }

  #enterByCookie(held: Held, request: AccessRequest, nowMs: number): AccessDecision {
    const { pass } = held;
    const grant = pass.kind === 'grant' ? this.#options.grants.byId(pass.id) : undefined;
    if (grant === undefined) this.#options.sessions.seen(pass.id, { at: nowMs, address: request.address });
    else this.#noteUse(grant, request, nowMs);
    const setCookies = held.stale ? this.#redirections.cookies(held, request, nowMs) : [];
    const detour = this.#redirections.detour(held, request, nowMs);
    const spends = ownAuthorization(request);
    return allow(grant?.kind ?? 'session', pass, { spends, setCookies, ...(detour && { detour }) });
  }

  #noteUse({ id }: GrantRecord, { address }: AccessRequest, nowMs: number): void {
    this.#options.grants.used(id, { at: nowMs, address });
  }

  /** Nothing of this may depend on what is there: a stranger is told the same of what is not. */
  #refuse(request: AccessRequest, { query, wrong, held, proof }: Findings): AccessDecision {
    const waitSeconds = wrong ? this.#countWrong(request) : undefined;
    if (held === 'origin' || proof.kind === 'origin') return { kind: 'origin' };
    if (request.navigation && !query.asksForBasic) {
      const redirection = this.#redirections.toLogin(request, query);
      return redirection === undefined ? unknown : { kind: 'hand-over', ...redirection };
    }
    if (proof.kind === 'limited') return { kind: 'limited', retryAfterSeconds: proof.retryAfterSeconds };
    if (waitSeconds !== undefined) return { kind: 'limited', retryAfterSeconds: waitSeconds };
    if (held === 'known' && !query.asksForBasic) return unknown;
    return { kind: 'login', challenges: challengesFor(request.context, query.asksForBasic) };
  }

  /** For how long whoever shows it has to wait, if they do; undefined for those who do not. */
  #countWrong({ address, place }: AccessRequest): number | undefined {
    const { attempts } = this.#options;
    const answer = attempts.check(address, place.env);
    if (!answer.ok) return answer.retryAfterSeconds;
    attempts.failed(address, place.env);
    return undefined;
  }
}

function allow(
  via: Extract<AccessDecision, { kind: 'allow' }>['via'],
  pass: Pass | undefined,
  more: Partial<Pick<Extract<AccessDecision, { kind: 'allow' }>, 'setCookies' | 'spends' | 'detour'>> = {},
): AccessDecision {
  return { kind: 'allow', via, setCookies: [], spends: undefined, pass, ...more };
}

function passOf({ id }: GrantRecord): Pass {
  return { kind: 'grant', id };
}

function ownAuthorization({ authorization }: AccessRequest): 'authorization' | undefined {
  return authorization !== undefined && ownTokenIn(authorization) !== undefined ? 'authorization' : undefined;
}
