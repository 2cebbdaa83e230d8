import { matchHost } from '../../core/names.ts';
import { nowhere } from '../access/place-of.ts';
import type { EnvResolution } from '../access/place-of.ts';
import type { Resolution } from '../routing/resolution.ts';
import { askedPlace } from './access-request.ts';
import { Admission } from './admission.ts';
import type { AdmissionSteps } from './admission.ts';
import { adviceOnCookies } from './advice.ts';
import type { Answer } from '../pages/answer.ts';
import { answerApex } from './apex.ts';
import { closedWorker, leftovers, type Leftovers } from './changed-hands.ts';
import type { FailedCall } from './attempts.ts';
import type { IngressContext } from './context.ts';
import {
  busyEnv,
  drainingGateway,
  goneEnv,
  notHttp,
  tooManyWait,
  unknownEnv,
  unknownYet,
  unknownService,
} from './env-failures.ts';
import type { Sight } from './env-failures.ts';
import type { Failure } from './failure.ts';
import type { Exchange } from './exchange.ts';
import { readForwarded } from './forwarded.ts';
import { HeldBytes, mayKeep } from './held-bytes.ts';
import { Holding } from './holding.ts';
import { OwnEndpoints } from './own-endpoints.ts';
import { OwnPaths } from './own-paths.ts';
import { decidePlain } from './plain-http.ts';
import { Relay } from './relay.ts';
import type { Rerouter } from './relay.ts';
import { readRequestHead } from './read-head.ts';
import { RequestHead } from './request-head.ts';
import type { HeadProblem } from './request-head.ts';
import { cookiesOf, removeTossed } from './tossed-cookies.ts';
import { envOf, newVisit, servesHttp, subjectOf } from './visit.ts';
import type { KnownResolution, Visit } from './visit.ts';
import { ownPathPrefix } from './wait.ts';

/** Each time its tunnel is lost before it was sent, a request waits anew: for so many tunnels in all. */
const maxHolds = 3;
/** For the client of a tunnel that was given up after a long silence to come back. */
const leastHoldMs = 2000;

/**
 * Decides what becomes of each request: by its host, by who asks, by the state of what it asks for. There is one way
 * through, for every request and every upgrade, and for those that waited or are sent again.
 */
export class Dispatcher implements AdmissionSteps, Rerouter {
  readonly #context: IngressContext;
  readonly #admission: Admission;
  readonly #ownPaths: OwnPaths;
  readonly #endpoints: OwnEndpoints;
  readonly #held: HeldBytes;

  constructor(context: IngressContext) {
    const { maxHeldBytesPerEnv: maxBytesPerEnv, maxHeldBytes: maxBytesTotal } = context.deps.limits;
    this.#context = context;
    this.#admission = new Admission(context.deps, this);
    this.#ownPaths = new OwnPaths(context.deps, { admission: this.#admission, errors: this });
    this.#endpoints = new OwnEndpoints(context.deps.endpoints ?? []);
    this.#held = new HeldBytes({ maxBytesPerEnv, maxBytesTotal });
  }

  /** The most that the requests which wait for a tunnel keep in memory. */
  get heldBytes(): number {
    return this.#held.total;
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

  again(visit: Visit): void {
    const { exchange, head, retrying } = visit;
    if (retrying !== undefined) this.reroute(visit, retrying.relay, retrying.failed);
    else this.guard(exchange, () => this.#follow(visit, this.#context.deps.router.resolve(head.host)));
  }

  /** Another way to the same route, by what is true now; access is decided anew, as forwards may differ in it. */
  reroute(visit: Visit, relay: Relay, failed: FailedCall): void {
    visit.retrying = { relay, failed };
    this.guard(visit.exchange, () => {
      const resolution = this.#context.deps.router.resolve(visit.head.host);
      if (resolution.kind !== 'forward') {
        this.#follow(visit, resolution);
        return;
      }
      const next = [resolution.forward, resolution.standby].find(
        (each) => each && !relay.attempts.failedOn(each),
      );
      if (next === undefined) relay.fail(failed);
      else this.#followEnv(visit, { ...resolution, forward: next, standby: undefined });
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
      exchange.fail(headFailure(head, visitor.request.rawHeaders, deps), head.accept);
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
    this.#follow(newVisit(exchange, head, forwarded), deps.router.resolve(head.host));
  }

  #follow(visit: Visit, resolution: Resolution): void {
    const { exchange, head } = visit;
    switch (resolution.kind) {
      case 'apex':
        if (!this.#endpoints.serve(visit, 'gateway'))
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
      return;
    }
    visit.exchange.leftovers = closedWorker(visit.head);
    if (
      !this.#endpoints.serve(visit, 'environments') &&
      this.#admission.admit(visit, nowhere(match.label, match.label))
    ) {
      visit.exchange.fail(unknownEnv);
    }
  }

  #followEnv(visit: Visit, resolution: EnvResolution): void {
    const { exchange, head } = visit;
    exchange.subject = subjectOf(resolution);
    exchange.leftovers = closedWorker(head);
    exchange.findLeftovers = () => this.#leftovers(head, resolution);
    if (this.#endpoints.serve(visit, 'environments')) return;
    if (head.path.startsWith(ownPathPrefix)) this.#ownPaths.serve(visit, resolution);
    else if (!this.#admission.admit(visit, askedPlace(visit.head, resolution))) return;
    else if (resolution.kind === 'unknown') exchange.fail(unknownYet);
    else {
      exchange.leftovers = exchange.findLeftovers();
      this.#serve(visit, resolution);
    }
  }

  #leftovers(head: RequestHead, resolution: EnvResolution): Leftovers | undefined {
    const { deps } = this.#context;
    if (resolution.kind === 'unknown') return undefined;
    return leftovers(head, resolution.environment, {
      ownerMark: (owned) => deps.ownerMark(owned),
      nowMs: deps.now(),
    });
  }

  #serve(visit: Visit, resolution: KnownResolution): void {
    const { exchange } = visit;
    switch (resolution.kind) {
      case 'forward':
        if (servesHttp(resolution.forward)) this.#relay(visit, resolution);
        else exchange.fail(notHttp(resolution, this.#sightOf(visit, resolution)));
        break;
      case 'no-service':
        exchange.fail(unknownService(resolution, this.#sightOf(visit, resolution)));
        break;
      case 'reconnecting':
        if (exchange.holds < maxHolds) this.#hold(visit, resolution);
        else this.#failGone(visit, resolution);
        break;
      case 'offline':
        this.#failGone(visit, resolution);
        break;
    }
  }

  #relay(visit: Visit, { environment, forward }: Extract<KnownResolution, { kind: 'forward' }>): void {
    const { exchange, retrying } = visit;
    if (!exchange.enter(environment.name)) {
      exchange.fail(busyEnv);
      return;
    }
    const relay = retrying?.relay ?? new Relay(visit, this.#context, this);
    relay.send(forward);
  }

  #hold(visit: Visit, resolution: KnownResolution): void {
    const { exchange, head } = visit;
    const { router, limits } = this.#context.deps;
    const env = envOf(resolution);
    const bytes = mayKeep(head);
    if (!this.#held.enter(env, bytes)) {
      this.#failHold(visit, tooManyWait);
      return;
    }
    exchange.holds += 1;
    const begun = performance.now();
    const holding = new Holding(exchange, {
      errors: this,
      onLeave: () => {
        this.#held.leave(env, bytes);
        exchange.heldMs += performance.now() - begun;
      },
      onDrain: () => this.#failHold(visit, drainingGateway),
    });
    const ms = holdTime(visit, limits.holdMs);
    holding.until(router.hold(head.host, { ms, signal: holding.signal }), (result) => {
      if (result === 'full') this.#failHold(visit, tooManyWait);
      else {
        // Still not there: its time is over, and it does not wait anew.
        if (result.kind === 'reconnecting') exchange.holds = maxHolds;
        this.#follow(visit, result);
      }
    });
  }

  #failGone(visit: Visit, resolution: GoneResolution): void {
    this.#failHold(visit, goneEnv(resolution, this.#context.deps.now()));
  }

  /** What was sent may have had its effect: that is another answer than "not there". */
  #failHold({ exchange, retrying }: Visit, failure: Failure): void {
    if (retrying === undefined || retrying.relay.attempts.unsent) exchange.fail(failure);
    else retrying.relay.fail(retrying.failed);
  }

  #sightOf(visit: Visit, resolution: KnownResolution): Sight {
    const { domain, publicAddress } = this.#context.deps;
    const seesAll = this.#admission.seesPrivate(visit, askedPlace(visit.head, resolution));
    return { seesAll, domain, publicAddress };
  }
}

/**
 * What was sent has waited while the machine was silent, before its tunnel was given up. That counts; but its client has noticed the silence at about the
 * same time, and is given a moment to come back.
 */
function holdTime({ retrying }: Visit, holdMs: number): number {
  if (retrying === undefined || retrying.relay.attempts.unsent) return holdMs;
  return Math.min(holdMs, Math.max(leastHoldMs, holdMs - retrying.failed.forward.silentMs));
}

function headFailure(
  { code, reason, cookies }: HeadProblem,
  rawHeaders: readonly string[],
  { domain }: { readonly domain: string },
): Failure {
  if (cookies !== true) return { code, reason };
  const headers = removeTossed(cookiesOf(rawHeaders), domain);
  return { code, reason, next: adviceOnCookies(domain), headers };
}

type GoneResolution = Extract<KnownResolution, { kind: 'reconnecting' | 'offline' }>;

function conclude(exchange: Exchange, result: Answer | Failure): void {
  if ('status' in result) exchange.answer(result);
  else exchange.fail(result);
}
