import type { Resolution } from '../routing/resolution.ts';
import { admit, seesPrivate } from './admission.ts';
import { jsonAnswer } from './answer.ts';
import type { IngressDependencies } from './dependencies.ts';
import { busyEnv, offlineEnv, unknownEnv, unknownService } from './env-failures.ts';
import { Holding } from './holding.ts';
import type { HoldingErrors } from './holding.ts';
import { accessOf, routeOf, servesHttp, subjectOf } from './visit.ts';
import type { KnownResolution, Visit } from './visit.ts';
import { readWaitRequest, waitPath } from './wait.ts';

/** Programs ask, and programs are answered. */
const json = 'application/json';

/** Answers what is below `/_porthole/` on the hosts of environments, to visitors who were admitted. */
export class OwnPaths {
  readonly #deps: IngressDependencies;
  readonly #errors: HoldingErrors;

  constructor(deps: IngressDependencies, errors: HoldingErrors) {
    this.#deps = deps;
    this.#errors = errors;
  }

  serve(visit: Visit, resolution: KnownResolution): void {
    const { exchange, head } = visit;
    if (head.pathname !== waitPath) {
      exchange.fail({ code: 'ERR_NOT_FOUND' });
      return;
    }
    if (head.method !== 'GET' && head.method !== 'HEAD') {
      exchange.fail({ code: 'ERR_METHOD_REFUSED', headers: ['Allow', 'GET, HEAD'] }, json);
      return;
    }
    const request = readWaitRequest(head.path);
    if (request.ok) this.#wait(visit, resolution, request.timeoutMs);
    else exchange.fail({ code: 'ERR_BAD_REQUEST', reason: request.problem }, json);
  }

  #wait(visit: Visit, resolution: KnownResolution, timeoutMs: number): void {
    if (resolution.kind === 'forward' || resolution.kind === 'no-service') {
      this.#tell(visit, resolution);
      return;
    }
    const holding = new Holding(visit.exchange, this.#errors);
    holding.until(
      this.#deps.router.hold(visit.head.host, { ms: timeoutMs, signal: holding.signal, untilReady: true }),
      (result) => {
        if (result === 'full') visit.exchange.fail(busyEnv, json);
        else this.#waited(visit, result);
      },
    );
  }

  /** Much may have changed meanwhile, the access too. */
  #waited(visit: Visit, resolution: Resolution): void {
    const { exchange } = visit;
    if (resolution.kind === 'apex' || resolution.kind === 'foreign' || resolution.kind === 'unknown') {
      exchange.fail(unknownEnv);
      return;
    }
    exchange.subject = subjectOf(resolution);
    if (admit(visit, exchange.subject.env, accessOf(resolution), this.#deps)) this.#tell(visit, resolution);
  }

  #tell({ exchange, head }: Visit, resolution: KnownResolution): void {
    const { environment } = resolution;
    if (resolution.kind === 'forward' && servesHttp(resolution.forward)) {
      exchange.answer(jsonAnswer(200, { env: environment.name, state: 'ready' }));
    } else if (resolution.kind === 'forward' || resolution.kind === 'no-service') {
      const { domain, publicAddress } = this.#deps;
      const seesAll = seesPrivate(head, environment.name, this.#deps);
      const options = { seesAll, domain, publicAddress };
      exchange.fail(unknownService(environment, routeOf(resolution), options), json);
    } else {
      exchange.fail(offlineEnv(environment), json);
    }
  }
}
