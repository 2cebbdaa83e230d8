import type { GateAddress } from '../../core/gate-address.ts';
import type { Caller } from '../identity/key-record.ts';
import type { JumpRefusal } from '../targets/jump.ts';
import { unknown } from '../targets/reach-reasons.ts';
import type { Reachability, ReachDecision } from '../targets/reach.ts';
import type { TargetRecord } from '../targets/target-record.ts';
import type { Forward } from '../tunnel/forward.ts';
import { absenceOf } from './absence.ts';
import { findDestination, forwardsTo, machineOf, type Destination, type Machines } from './destination.ts';

export type Allowed = Extract<ReachDecision, { kind: 'allowed' }>;

/** One forward by which somebody may be led to where they want. */
export interface Way {
  readonly forward: Forward;
  /** What it is called where they are told of it. */
  readonly name: string;
  readonly target: TargetRecord | undefined;
  readonly decision: Allowed;
}

/** How somebody gets to an address at this moment. `ways`: at least one, the best first. `reconnecting`: it is expected back. */
export type Lookup =
  | { readonly kind: 'ways'; readonly ways: readonly Way[] }
  | { readonly kind: 'reconnecting' | 'refused'; readonly refusal: JumpRefusal };

/** Somebody, and the user name that they came in with. */
export interface Seeker {
  readonly caller: Caller;
  readonly user: string;
}

export interface WaysOptions extends Machines {
  readonly reach: Reachability;
  readonly holdMs: number;
  readonly now: () => number;
}

/** What leads where, for whom: the decision of `Reachability`, asked of what is live. */
export class Ways {
  readonly #options: WaysOptions;

  constructor(options: WaysOptions) {
    this.#options = options;
  }

  find(address: GateAddress, seeker: Seeker): Lookup {
    const destination = findDestination(address, seeker.caller.identity, this.#options);
    const forwards = forwardsTo(destination, this.#options);
    if (forwards.length === 0) return this.#absent(destination, seeker);
    const judged = forwards.map((forward) => this.#judge(forward, destination, seeker));
    const ways = judged.filter((each): each is Way => 'forward' in each);
    const [refusal] = judged.filter((each): each is JumpRefusal => 'code' in each);
    return refusal !== undefined && ways.length === 0 ? { kind: 'refused', refusal } : { kind: 'ways', ways };
  }

  /** The principal that the environment belongs to. */
  ownerOf(env: string): string | undefined {
    return this.#options.registry.view(env)?.owner;
  }

  /** Whether a way that was found is still open to them. */
  again({ forward, target: named }: Pick<Way, 'forward' | 'target'>, seeker: Seeker): ReachDecision {
    const { route, owner } = forward;
    if (this.ownerOf(route.env) !== owner)
      return refused(`the name ${route.env} is not its owner's any more`);
    const target = machineOf(forward, this.#options, named);
    return this.#decide({ env: route.env, owner, service: route.service, target: target?.id }, seeker);
  }

  #judge(forward: Forward, { address, target: named }: Destination, seeker: Seeker): Way | JumpRefusal {
    const { route, owner } = forward;
    const target = machineOf(forward, this.#options, named);
    const asked = { env: route.env, owner, service: route.service, target: target?.id };
    const decision = this.#decide(asked, seeker);
    if (decision.kind === 'refused') return inWordsOf(address, decision);
    return { forward, name: (named ?? target)?.name ?? route.env, target, decision };
  }

  #absent(destination: Destination, seeker: Seeker): Lookup {
    const { address, env, owner, target } = destination;
    const { registry, holdMs, now } = this.#options;
    const asked = { env, owner: owner ?? target?.owner, service: address.service, target: target?.id };
    const decision = this.#decide(asked, seeker);
    if (decision.kind === 'refused') return { kind: 'refused', refusal: inWordsOf(address, decision) };
    const mayList = ['admin', 'owner', 'member'].includes(decision.by);
    const { kind, refusal } = absenceOf(destination, registry.view(env), { holdMs, mayList, now: now() });
    return { kind: kind === 'gone' ? 'refused' : kind, refusal };
  }

  #decide(
    asked: {
      env: string;
      owner: string | undefined;
      service: string | undefined;
      target: string | undefined;
    },
    { caller, user }: Seeker,
  ): ReachDecision {
    return this.#options.reach.decide({
      ...asked,
      identity: caller.identity,
      user,
      now: this.#options.now(),
    });
  }
}

/** Whoever may not know of something is told nothing but what they wrote themselves. */
function inWordsOf(
  { name }: GateAddress,
  { code, reason }: Extract<ReachDecision, { kind: 'refused' }>,
): JumpRefusal {
  return { code, reason: code === 'ERR_TARGET_UNKNOWN' ? unknown(name) : reason };
}

function refused(reason: string): ReachDecision {
  return { kind: 'refused', code: 'ERR_GATE_REFUSED', reason };
}
