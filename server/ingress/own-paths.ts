import type { EnvResolution } from '../access/place-of.ts';
import { askedPlace } from './access-request.ts';
import { isNamedByTls } from './admission.ts';
import type { Admission } from './admission.ts';
import { jsonAnswer } from '../pages/answer.ts';
import type { IngressDependencies } from './dependencies.ts';
import {
  drainingGateway,
  goneEnv,
  notHttp,
  tooManyWait,
  unknownEnv,
  unknownService,
} from './env-failures.ts';
import type { Failure } from './failure.ts';
import { Holding } from './holding.ts';
import type { HoldingErrors } from './holding.ts';
import { InFlight } from './in-flight.ts';
import { Prober } from './prober.ts';
import { failureOfCall } from './upstream-failure.ts';
import { envOf, servesHttp, stateOf, subjectOf } from './visit.ts';
import type { Visit } from './visit.ts';
import { readWaitRequest, waitPath } from './wait.ts';
import { Waiting } from './waiting.ts';
import type { WaitOutcome } from './waiting.ts';

/** Programs ask, and programs are answered. */
const json = 'application/json';

/**
 * Those who wait, at most: pages in tabs that nobody closes are many. Strangers, where they may wait at all, have places of their
 * own, as many for what is private as for what is not there: how full they are tells nothing.
 */
const places = { maxRequests: 256, maxRequestsTotal: 4096 };
const strangersPlaces = { maxRequests: 64, maxRequestsTotal: 512 };

const late = { failure: { kind: 'timeout' } } as const;

/** Answers what is below `/_porthole/` on the hosts of environments. */
export class OwnPaths {
  readonly #deps: IngressDependencies;
  readonly #errors: HoldingErrors;
  readonly #admission: Admission;
  readonly #prober = new Prober();
  readonly #waiting = new InFlight(places);
  readonly #strangers = new InFlight(strangersPlaces);

  constructor(
    deps: IngressDependencies,
    { admission, errors }: { readonly admission: Admission; readonly errors: HoldingErrors },
  ) {
    this.#deps = deps;
    this.#errors = errors;
    this.#admission = admission;
  }

  serve(visit: Visit, resolution: EnvResolution): void {
    const { exchange, head } = visit;
    const evenIfClosed = this.#waitsAsStranger(visit, resolution);
    if (!evenIfClosed && !this.#admission.admit(visit, askedPlace(visit.head, resolution))) return;
    if (head.pathname !== waitPath) {
      exchange.fail({ code: 'ERR_NOT_FOUND' });
      return;
    }
    if (head.method !== 'GET' && head.method !== 'HEAD') {
      exchange.fail({ code: 'ERR_METHOD_REFUSED', headers: ['Allow', 'GET, HEAD'] }, json);
      return;
    }
    const request = readWaitRequest(head.path);
    if (request.ok) this.#wait(visit, { env: envOf(resolution), ms: request.timeoutMs, evenIfClosed });
    else exchange.fail({ code: 'ERR_BAD_REQUEST', reason: request.problem }, json);
  }

  /** Where everything is public unless it says otherwise, a name that is not there yet most probably will be. */
  #waitsAsStranger(visit: Visit, resolution: EnvResolution): boolean {
    if (!this.#deps.publicByDefault || visit.head.pathname !== waitPath) return false;
    return (
      isNamedByTls(visit) && this.#admission.look(visit, askedPlace(visit.head, resolution)) === 'closed'
    );
  }

  #mayKnow(visit: Visit, resolution: EnvResolution): boolean {
    return this.#admission.look(visit, askedPlace(visit.head, resolution)) === 'open';
  }

  #wait(visit: Visit, asked: { env: string; ms: number; evenIfClosed: boolean }): void {
    const { exchange, head } = visit;
    const { env, ms, evenIfClosed } = asked;
    const taken = evenIfClosed ? this.#strangers : this.#waiting;
    if (!taken.enter(env)) {
      exchange.fail(tooManyWait, json);
      return;
    }
    const holding = new Holding(exchange, {
      errors: this.#errors,
      onLeave: () => taken.leave(env),
      onDrain: () => exchange.fail(drainingGateway, json),
    });
    const { info } = exchange.visitor.connection;
    const options = {
      ...{ host: head.host, ms, evenIfClosed, signal: holding.signal },
      origin: { address: exchange.remote, port: info.remotePort },
      mayKnow: (resolution: EnvResolution) => this.#mayKnow(visit, resolution),
    };
    const waiting = new Waiting(options, { router: this.#deps.router, prober: this.#prober });
    holding.until(waiting.outcome(), (outcome) => this.#tell(visit, outcome));
  }

  #tell(visit: Visit, outcome: WaitOutcome): void {
    const { exchange } = visit;
    switch (outcome.kind) {
      case 'ready':
        exchange.answer(jsonAnswer(200, { env: outcome.env, state: 'ready' }, exchange.crossOriginHeaders()));
        break;
      case 'full':
        exchange.fail(tooManyWait, json);
        break;
      case 'closed':
        exchange.fail(unknownEnv, json);
        break;
      case 'late':
        exchange.subject = subjectOf(outcome.resolution);
        exchange.fail(this.#whyNot(visit, outcome), json);
        break;
    }
  }

  #whyNot(visit: Visit, { resolution, refusal }: Extract<WaitOutcome, { kind: 'late' }>): Failure {
    const { domain, publicAddress } = this.#deps;
    const seesAll = this.#admission.seesPrivate(visit, askedPlace(visit.head, resolution));
    const sight = { seesAll, domain, publicAddress };
    switch (resolution.kind) {
      case 'unknown':
        return unknownEnv;
      case 'no-service':
        return unknownService(resolution, sight);
      case 'reconnecting':
      case 'offline':
        return goneEnv(resolution, this.#deps.now());
      case 'forward': {
        if (!servesHttp(resolution.forward)) return notHttp(resolution, sight);
        const { forward, standby } = resolution;
        // It was tried on another, or has only just come.
        const { failure } = [forward, standby].includes(refusal?.forward) ? (refusal ?? late) : late;
        const told = failureOfCall({ kind: 'not-opened', failure }, forward);
        return { ...told, ...stateOf(resolution) };
      }
    }
  }
}
