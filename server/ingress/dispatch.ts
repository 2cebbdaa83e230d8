import { matchHost } from '../../core/names.ts';
import type { Resolution } from '../routing/resolution.ts';
import type { Forward } from '../tunnel/forward.ts';
import { admit, seesPrivate } from './admission.ts';
import type { Answer } from './answer.ts';
import { answerApex } from './apex.ts';
import type { CallFailure } from './call.ts';
import type { IngressContext } from './context.ts';
import { busyEnv, offlineEnv, unknownEnv, unknownService } from './env-failures.ts';
import type { Failure } from './error-answer.ts';
import type { Exchange } from './exchange.ts';
import { readForwarded } from './forwarded.ts';
import { Holding } from './holding.ts';
import type { HoldingErrors } from './holding.ts';
import { OwnPaths } from './own-paths.ts';
import { decidePlain } from './plain-http.ts';
import { Relay } from './relay.ts';
import type { Rerouter } from './relay.ts';
import { readRequestHead } from './read-head.ts';
import { RequestHead } from './request-head.ts';
import { accessOf, routeOf, servesHttp, subjectOf } from './visit.ts';
import type { EnvResolution, KnownResolution, Visit } from './visit.ts';
import { ownPathPrefix } from './wait.ts';

/**
 * Decides what becomes of each request: by its host, by who asks, by the state of what it asks for. There is one way
 * through, for every request and every upgrade, and for those that waited or are sent again.
 */
export class Dispatcher implements HoldingErrors, Rerouter {
  readonly #context: IngressContext;
  readonly #ownPaths: OwnPaths;

  constructor(context: IngressContext) {
    this.#context = context;
    this.#ownPaths = new OwnPaths(context.deps, this);
  }

  dispatch(exchange: Exchange): void {
    this.guard(exchange, () => this.#begin(exchange));
  }

  guard(exchange: Exchange, step: () => void): void {
    try {
      step();
    } catch (err) {
      this.#context.deps.log.error({ err, requestId: exchange.id }, 'request failed inside the gateway');
      exchange.answerer?.stop();
      exchange.fail({ code: 'ERR_INTERNAL' });
    }
  }

  /** Another way to the same route, by what is true now; access is decided anew, as forwards may differ in it. */
  reroute(visit: Visit, relay: Relay, failedOn: Forward, failure: CallFailure): void {
    visit.retrying = { relay, forward: failedOn, failure };
    this.guard(visit.exchange, () => {
      const resolution = this.#context.deps.router.resolve(visit.head.host);
      if (resolution.kind !== 'forward' || resolution.forward !== failedOn) this.#follow(visit, resolution);
      else if (resolution.standby === undefined) relay.fail(failedOn, failure);
      else this.#followEnv(visit, { ...resolution, forward: resolution.standby, standby: undefined });
    });
  }

  #begin(exchange: Exchange): void {
    const { deps } = this.#context;
    const { visitor } = exchange;
    const { info, trusted } = visitor.connection;
    const head = readRequestHead(visitor.request, deps.limits);
    if (!(head instanceof RequestHead)) {
      // Where one request ends and the next begins may be in doubt too.
      visitor.connection.closing = true;
      exchange.fail(head, head.accept);
      return;
    }
    exchange.setHead(head);
    const forwarded = readForwarded(head, { address: info.remoteAddress, trusted }, deps);
    exchange.remote = forwarded.address;
    if (visitor.bare && head.body !== 'none') {
      exchange.fail({ code: 'ERR_BAD_REQUEST', reason: 'A request to upgrade has no body.' });
      return;
    }
    const plain = info.secure ? 'serve' : decidePlain(head, trusted, deps);
    if (plain !== 'serve') {
      conclude(exchange, plain);
      return;
    }
    const visit = { exchange, head, forwarded, setCookie: undefined, retrying: undefined };
    this.#follow(visit, deps.router.resolve(head.host));
  }

  #follow(visit: Visit, resolution: Resolution): void {
    const { exchange, head } = visit;
    switch (resolution.kind) {
      case 'apex':
        conclude(exchange, answerApex(head, this.#context.deps));
        break;
      case 'foreign':
        this.#followForeign(visit);
        break;
      default:
        this.#followEnv(visit, resolution);
    }
  }

  /** A label that no route can have is answered like one that no route has. */
  #followForeign(visit: Visit): void {
    const { deps } = this.#context;
    const match = matchHost(visit.head.host, deps.domain);
    if (match.kind !== 'bad-label') {
      visit.exchange.fail({ code: 'ERR_MISDIRECTED', reason: 'This host is not served here.' });
    } else if (admit(visit, match.label, 'private', deps)) {
      visit.exchange.fail(unknownEnv);
    }
  }

  #followEnv(visit: Visit, resolution: EnvResolution): void {
    const { exchange, head } = visit;
    exchange.subject = subjectOf(resolution);
    if (!admit(visit, exchange.subject.env, accessOf(resolution), this.#context.deps)) return;
    if (resolution.kind === 'unknown') exchange.fail(unknownEnv);
    else if (head.path.startsWith(ownPathPrefix)) this.#ownPaths.serve(visit, resolution);
    else this.#serve(visit, resolution);
  }

  #serve(visit: Visit, resolution: KnownResolution): void {
    switch (resolution.kind) {
      case 'forward':
        if (servesHttp(resolution.forward)) this.#relay(visit, resolution);
        else this.#failService(visit, resolution);
        break;
      case 'no-service':
        this.#failService(visit, resolution);
        break;
      case 'reconnecting':
        if (visit.exchange.held) this.#failOffline(visit, resolution);
        else this.#hold(visit);
        break;
      case 'offline':
        this.#failOffline(visit, resolution);
        break;
    }
  }

  #relay(visit: Visit, resolution: KnownResolution & { kind: 'forward' }): void {
    const { exchange, retrying } = visit;
    if (!exchange.enter(resolution.environment.name)) {
      exchange.fail(busyEnv);
      return;
    }
    const relay = retrying?.relay ?? new Relay(visit, this.#context, this);
    relay.send(resolution.forward, resolution.standby);
  }

  #hold(visit: Visit): void {
    const { exchange, head } = visit;
    const { router, limits } = this.#context.deps;
    exchange.held = true;
    const holding = new Holding(exchange, this);
    holding.until(router.hold(head.host, { ms: limits.holdMs, signal: holding.signal }), (result) => {
      if (result === 'full') exchange.fail(busyEnv);
      else this.#follow(visit, result);
    });
  }

  #failOffline({ exchange, retrying }: Visit, { environment }: KnownResolution): void {
    // What was sent may have had its effect: that is another answer than "not there".
    if (retrying === undefined || retrying.failure.kind === 'not-opened') {
      exchange.fail(offlineEnv(environment));
    } else {
      retrying.relay.fail(retrying.forward, retrying.failure);
    }
  }

  #failService({ exchange, head }: Visit, resolution: KnownResolution): void {
    const { deps } = this.#context;
    const { domain, publicAddress } = deps;
    const { environment } = resolution;
    const seesAll = seesPrivate(head, environment.name, deps);
    exchange.fail(unknownService(environment, routeOf(resolution), { seesAll, domain, publicAddress }));
  }
}

function conclude(exchange: Exchange, result: Answer | Failure): void {
  if ('status' in result) exchange.answer(result);
  else exchange.fail(result);
}
