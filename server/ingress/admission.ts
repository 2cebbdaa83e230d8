import { deadline } from '../../core/lifecycle.ts';
import { sourceNetwork } from '../../core/source-network.ts';
import type { AccessDecision } from '../access/decision.ts';
import type { Place } from '../access/viewer.ts';
import { answerRefusal, detourAnswer } from './access-answer.ts';
import type { Refusal } from './access-answer.ts';
import { accessRequest } from './access-request.ts';
import type { IngressDependencies } from './dependencies.ts';
import type { Failure } from './failure.ts';
import { Holding } from './holding.ts';
import type { HoldingErrors } from './holding.ts';
import { InFlight } from './in-flight.ts';
import { hostnameOf } from './sites.ts';
import type { Visit } from './visit.ts';

type Allow = Extract<AccessDecision, { kind: 'allow' }>;
type Prove = Extract<AccessDecision, { kind: 'prove' }>;

export interface AdmissionSteps extends HoldingErrors {
  /** What takes its time was checked: the visit goes on from its beginning, by what is true then. */
  again(visit: Visit): void;
}

/** How long a check may take, and how many requests may wait for theirs: of one source, and in all. */
const proveMs = 10_000;
const proving = { maxRequests: 128, maxRequestsTotal: 512 };

const tooManyProofs: Failure = {
  code: 'ERR_BUSY',
  reason: 'Too many passwords and tokens are being checked at the moment.',
  retryAfterSeconds: 1,
};

/**
 * Whether visitors may know of what they ask for. Those who may not have their answer, the same for all that is closed to them and all that
 * is not there. One connection may carry requests to several environments, for which its TLS name says nothing.
 */
export class Admission {
  readonly #deps: Pick<IngressDependencies, 'doorkeeper' | 'publicByDefault'>;
  readonly #steps: AdmissionSteps;
  readonly #proving = new InFlight(proving);

  constructor(deps: Pick<IngressDependencies, 'doorkeeper' | 'publicByDefault'>, steps: AdmissionSteps) {
    this.#deps = deps;
    this.#steps = steps;
  }

  /** False for those who have their answer, or will: the visit is over here, and begins anew if it must. */
  admit(visit: Visit, place: Place): boolean {
    if (place.access !== 'public' && isMisdirected(visit)) return false;
    const decision = this.#decide(visit, place);
    if (decision.kind === 'allow') return this.#enter(visit, place, decision);
    // What is public may be closed to some networks, and is then answered as what is not there.
    if (place.access === 'public' && isMisdirected(visit)) return false;
    if (decision.kind === 'prove') this.#prove(visit, decision);
    else this.#refuse(visit, decision);
    return false;
  }

  /** The same question, without an answer to the visitor; `unproven` for what would have to be checked first. */
  look(visit: Visit, place: Place): 'open' | 'closed' | 'unproven' {
    if (place.access !== 'public' && !isNamedByTls(visit)) return 'closed';
    const { kind } = this.#decide(visit, place);
    if (kind === 'prove') return visit.proved ? 'closed' : 'unproven';
    return kind === 'allow' ? 'open' : 'closed';
  }

  /** Whether the visitor may see what is private in an environment. */
  seesPrivate(visit: Visit, place: Place): boolean {
    return this.look(visit, { ...place, access: 'private' }) === 'open';
  }

  #decide({ exchange, head }: Visit, place: Place): AccessDecision {
    return this.#deps.doorkeeper.decide(accessRequest(head, exchange.remote, place));
  }

  #enter(visit: Visit, place: Place, { via, setCookies, spends, detour }: Allow): boolean {
    visit.setCookies = setCookies;
    visit.spent ??= spends;
    visit.exchange.admitted = { place, via };
    if (detour !== undefined) visit.exchange.answer(detourAnswer(detour));
    return detour === undefined;
  }

  #refuse({ exchange, head }: Visit, decision: Refusal): void {
    const answer = answerRefusal(decision, head, this.#deps.publicByDefault);
    if ('failure' in answer) exchange.fail(answer.failure, answer.accept);
    else exchange.answer(answer);
  }

  /** Once for each visit: what is still not proven then is refused. */
  #prove(visit: Visit, decision: Prove): void {
    const { exchange } = visit;
    const source = sourceNetwork(exchange.remote);
    if (visit.proved || !this.#proving.enter(source)) {
      exchange.fail(tooManyProofs);
      return;
    }
    visit.proved = true;
    const onLeave = (): void => this.#proving.leave(source);
    const holding = new Holding(exchange, { errors: this.#steps, onLeave });
    const proof = deadline(decision.prove(), proveMs, () => undefined);
    holding.until(proof, () => this.#steps.again(visit));
  }
}

/** Whether the connection was opened for this host, as far as TLS tells. */
export function isNamedByTls({ exchange, head }: Visit): boolean {
  const { servername } = exchange.visitor.connection.info;
  return servername === undefined || hostnameOf(servername) === hostnameOf(head.host);
}

/** It is told so, if it was opened for another. */
export function isMisdirected(visit: Visit): boolean {
  if (isNamedByTls(visit)) return false;
  visit.exchange.fail({ code: 'ERR_MISDIRECTED' });
  return true;
}
