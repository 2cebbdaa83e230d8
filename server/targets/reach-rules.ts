import { matchesPattern } from '../../core/env-pattern.ts';
import { lowerCaseAscii } from '../../core/slug.ts';
import { mayNameEnv, roles } from '../identity/identity.ts';
import { soonest, unionOf } from './grant-union.ts';
import type { Reachability, ReachDecision, ReachRequest } from './reach.ts';
import * as reasons from './reach-reasons.ts';
import type { TargetBook } from './target-book.ts';
import {
  leastGateRole,
  type GateRecord,
  type Reach,
  type ReachGrant,
  type TargetRecord,
} from './target-record.ts';

export interface ReachRulesOptions {
  readonly book: Pick<TargetBook, 'target' | 'targetsOf' | 'gateNamed' | 'defaultGate' | 'grantsOf'>;
  /** Whether members reach machines by their keys' patterns, or only with a grant. */
  readonly gateAccess: 'members' | 'grants';
}

/** What lets somebody in, without what their key itself sets. */
type Right = Pick<Extract<ReachDecision, { kind: 'allowed' }>, 'by' | 'until' | 'osUsers'>;

/** The rules of the gate, over what the book says at that moment. */
export class ReachRules implements Reachability {
  readonly #book: ReachRulesOptions['book'];
  readonly #gateAccess: 'members' | 'grants';

  constructor({ book, gateAccess }: ReachRulesOptions) {
    this.#book = book;
    this.#gateAccess = gateAccess;
  }

  decide(request: ReachRequest): ReachDecision {
    const { identity, env, owner, now } = request;
    if (roles.indexOf(identity.role) < roles.indexOf(leastGateRole)) return refused(reasons.machineKey);
    if (identity.expiresAt !== undefined && identity.expiresAt <= now) return refused(reasons.expiredKey);
    const gate = this.#book.gateNamed(lowerCaseAscii(request.user)) ?? this.#book.defaultGate;
    if (!takesKey(gate, identity.fingerprint)) return refused(reasons.otherGate(gate, identity.fingerprint));
    const machines = this.#machinesOf(request);
    if (owner === undefined || machines === undefined || !this.#mayKnow(request)) return unknown(env);
    const right = this.#rightOf(request, machines);
    if (typeof right === 'string') return refused(right);
    if (!reaches(gate, request.target)) return refused(reasons.notByGate(gate, env));
    return { kind: 'allowed', gate, ...right, until: soonest(right.until, identity.expiresAt) };
  }

  /**
   * The machines whose settings count: the one that the channel leads to; where that is not known, each that it might be. Undefined for one that
   * is not there any more, or that is not the owner's of this environment: it stays the former one's.
   */
  #machinesOf({ env, owner, target }: ReachRequest): readonly TargetRecord[] | undefined {
    if (target === undefined) return this.#book.targetsOf(env).filter((each) => each.owner === owner);
    const found = this.#book.target(target);
    return found?.env === env && found.owner === owner ? [found] : undefined;
  }

  /** Whoever could claim the name learns whether it is there; so does whoever has, or had, a grant for it. */
  #mayKnow({ identity, env, owner }: ReachRequest): boolean {
    if (identity.role === 'admin' || identity.principal === owner || mayNameEnv(identity, env)) return true;
    return this.#book.grantsOf(identity.principal).some((grant) => isFor(grant, { env, owner }));
  }

  /** Or why there is none. */
  #rightOf(request: ReachRequest, machines: readonly TargetRecord[]): Right | string {
    const { identity, owner, env } = request;
    if (identity.role === 'admin') return { by: 'admin', until: undefined, osUsers: 'any' };
    const limited = machines.find(({ services }) => !opens(services, request.service));
    if (limited !== undefined) return reasons.notThisService(env, limited.services);
    if (identity.principal === owner) return { by: 'owner', until: undefined, osUsers: 'any' };
    if (machines.some(({ reach }) => reach === 'owner')) return reasons.ownerOnly(env);
    if (this.#isOpenToMembers(machines) && mayNameEnv(identity, env))
      return { by: 'member', until: undefined, osUsers: 'any' };
    return this.#grantedRight(request);
  }

  #isOpenToMembers(machines: readonly TargetRecord[]): boolean {
    const forMembers: Reach = 'members';
    return this.#gateAccess === 'members' && machines.every(({ reach }) => reach === forMembers);
  }

  #grantedRight({ identity, env, owner, service, now }: ReachRequest): Right | string {
    const all = this.#book.grantsOf(identity.principal).filter((grant) => isFor(grant, { env, owner }));
    const wanted = all.filter(({ services }) => opens(services, service));
    const union = unionOf(wanted, now);
    if (union !== undefined) return union;
    const ended = wanted.flatMap(({ expiresAt }) => expiresAt ?? []);
    return reasons.noGrant({ ...{ principal: identity.principal, env, service }, endedAt: ended });
  }
}

function takesKey({ keys }: GateRecord, fingerprint: string): boolean {
  return keys === 'any' || keys.some((key) => key.fingerprint === fingerprint);
}

function reaches({ targets }: GateRecord, target: string | undefined): boolean {
  return targets === 'any' || (target !== undefined && targets.includes(target));
}

function isFor(
  { envPatterns, owner: giver }: ReachGrant,
  { env, owner }: Pick<ReachRequest, 'env' | 'owner'>,
): boolean {
  return (giver ?? owner) === owner && envPatterns.some((pattern) => matchesPattern(pattern, env));
}

/** A list that is empty is none. */
function opens(services: readonly string[], service = reasons.defaultService): boolean {
  return services.length === 0 || services.includes(service);
}

function refused(reason: string): ReachDecision {
  return { kind: 'refused', code: 'ERR_GATE_REFUSED', reason };
}

function unknown(env: string): ReachDecision {
  return { kind: 'refused', code: 'ERR_TARGET_UNKNOWN', reason: reasons.unknown(env) };
}
