import type { Forward } from '../tunnel/forward.ts';
import { Attempts } from './attempts.ts';
import type { FailedCall } from './attempts.ts';
import { callRequest, isIdempotent, rewrittenHost } from './call-request.ts';
import type { Call, CallFailure, CallListener, Switched } from './call.ts';
import type { IngressContext } from './context.ts';
import { linksOf } from './early-hints.ts';
import type { Answerer, Exchange } from './exchange.ts';
import type { RequestHead } from './request-head.ts';
import { readResponseHead } from './response-head.ts';
import type { ResponseContext } from './response-head.ts';
import { passingTrailers } from './trailers.ts';
import { failureOfCall } from './upstream-failure.ts';
import { carryUpgrade } from './upgrade.ts';
import { stateOf } from './visit.ts';
import type { Visit } from './visit.ts';

/** Finds where a request is sent again; or fails it with the relay. */
export interface Rerouter {
  reroute(visit: Visit, relay: Relay, failed: FailedCall): void;
}

/**
 * A visitor's request on its way through a forward to an upstream, and the answer on its way back: streamed both ways with
 * back-pressure, sent again when that is safe, and broken off when either side is.
 */
export class Relay implements Answerer, CallListener {
  readonly #visit: Visit;
  readonly #context: IngressContext;
  readonly #rerouter: Rerouter;
  readonly #exchange: Exchange;
  readonly #head: RequestHead;
  readonly attempts = new Attempts();
  #forward: Forward | undefined;
  #call: Call | undefined;
  #readingBody = false;
  #bodyTaken = false;
  #bodyDone: boolean;
  /** The upstream takes no more of the body at the moment. */
  #uploadHeld = false;
  #answering = false;
  /** A piece of the answer's body has been written, and the head with it. */
  #flowing = false;
  #eventStream = false;
  /** Of the answer's body, when its length is known. */
  #bytesLeft = -1;
  #ended = false;
  #stopped = false;

  constructor(visit: Visit, context: IngressContext, rerouter: Rerouter) {
    this.#visit = visit;
    this.#context = context;
    this.#rerouter = rerouter;
    this.#exchange = visit.exchange;
    this.#head = visit.head;
    this.#bodyDone = visit.head.body === 'none';
  }

  /** Sends the request to an upstream: the first one, or another after that. */
  send(forward: Forward): void {
    this.#forward = forward;
    this.#exchange.answerer = this;
    const { deps, upstreams } = this.#context;
    const again = this.attempts.begin(forward);
    if (again) deps.metrics.requestRetried();
    try {
      const options = { publicAddress: deps.publicAddress, fresh: again };
      const request = callRequest(this.#visit, forward, options);
      this.#call = upstreams.of(forward).call(request, this);
    } catch (err) {
      // Node refuses what is in the head: no visitor sends such a thing by accident.
      deps.log.debug({ err, requestId: this.#exchange.id }, 'request cannot be sent');
      this.#exchange.fail({ code: 'ERR_BAD_REQUEST' });
    }
  }

  get patienceMs(): number {
    const { limits } = this.#context.deps;
    if (this.#eventStream) return limits.streamIdleTimeoutMs;
    return this.#bodyDone && !this.#answering ? limits.responseTimeoutMs : limits.idleTimeoutMs;
  }

  onStall(): void {
    if (this.#answering) this.#exchange.end();
    else {
      this.stop();
      // Whoever was to move last is the one who did not.
      const upstreamsTurn = this.#bodyDone || this.#uploadHeld || !this.#readingBody;
      // The rest of the body may never come: the connection is of no further use (RFC 9110, 15.5.9).
      if (!upstreamsTurn) this.#exchange.visitor.connection.closing = true;
      this.#exchange.fail({ code: upstreamsTurn ? 'ERR_UPSTREAM_TIMEOUT' : 'ERR_REQUEST_TIMEOUT' });
    }
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.attempts.end();
    // A call whose answer is complete ends by itself, and leaves its channel to others.
    if (!this.#ended) this.#call?.destroy();
  }

  flushHead(): void {
    if (!this.#flowing && !this.#ended && !this.#stopped) this.#exchange.visitor.flushHead();
  }

  // --- from the visitor ----------------------------------------------------------------------------------------

  onBody(chunk: Buffer): void {
    if (this.#stopped || this.#ended) return;
    this.#bodyTaken = true;
    if (this.#call?.write(chunk) !== false) return;
    this.#uploadHeld = true;
    this.#exchange.visitor.pauseBody();
  }

  onBodyEnd(trailers: readonly string[]): void {
    this.#bodyDone = true;
    this.#bodyTaken = true;
    if (!this.#stopped && !this.#ended) this.#call?.end(passingTrailers(trailers));
  }

  onVisitorDrain(): void {
    this.#call?.resume();
  }

  // --- from the upstream -----------------------------------------------------------------------------------------

  onSent(): void {
    this.#exchange.progress += 1;
    if (this.#readingBody) this.#exchange.visitor.resumeBody();
    else this.#exchange.visitor.readBody();
    this.#readingBody = true;
  }

  onInformation(status: number, rawHeaders: readonly string[]): void {
    this.#exchange.progress += 1;
    if (status === 100 && this.#head.expect !== undefined) this.#exchange.visitor.inform(100, []);
    if (status === 103) this.#exchange.visitor.inform(103, linksOf(rawHeaders));
  }

  onHead(status: number, message: string, rawHeaders: readonly string[]): void {
    const response = readResponseHead(rawHeaders, this.#responseContext());
    if (response.keepAliveMs !== undefined) this.#call?.keepFor(response.keepAliveMs);
    this.#countChannel();
    const { headers } = response;
    const bodyless = this.#head.method === 'HEAD' || status === 204 || status === 304;
    if (
      response.trailer !== undefined &&
      response.contentLength === undefined &&
      !bodyless &&
      this.#head.version !== '1.0'
    ) {
      headers.push('Trailer', response.trailer);
    }
    try {
      this.#exchange.respond(status, message, headers);
    } catch (cause) {
      this.#call?.destroy();
      this.onFailure({ kind: 'nonsense', cause });
      return;
    }
    this.#answering = true;
    this.#eventStream = response.eventStream;
    this.#bytesLeft = bodyless ? -1 : (response.contentLength ?? -1);
    // After the piece of the body that came along with the head, if one did.
    if (!bodyless && this.#bytesLeft !== 0) process.nextTick(flushHead, this);
  }

  onData(chunk: Buffer): void {
    const exchange = this.#exchange;
    exchange.progress += 1;
    if (this.#stopped || this.#ended) return;
    this.#flowing = true;
    exchange.bytesOut += chunk.length;
    this.#bytesLeft -= chunk.length;
    // The last piece goes together with the end, and for a short answer with its head.
    if (this.#bytesLeft === 0) this.#end(chunk, []);
    else if (!exchange.visitor.write(chunk)) this.#call?.pause();
  }

  onEnd(rawTrailers: readonly string[]): void {
    this.#exchange.progress += 1;
    if (!this.#stopped && !this.#ended) this.#end(undefined, passingTrailers(rawTrailers));
  }

  onCallDrain(): void {
    this.#exchange.progress += 1;
    this.#uploadHeld = false;
    this.#exchange.visitor.resumeBody();
  }

  onSwitch(switched: Switched): void {
    const forward = this.#forward;
    if (this.#stopped || forward === undefined || this.#head.upgrade === undefined) {
      switched.channel.destroy();
      if (!this.#stopped)
        this.onFailure({ kind: 'nonsense', cause: new Error('unasked switch of protocols') });
      return;
    }
    this.#countChannel();
    this.#ended = true;
    carryUpgrade(switched, {
      exchange: this.#exchange,
      onOver: () => this.attempts.end(),
      idleMs: this.#context.deps.limits.streamIdleTimeoutMs,
      responseContext: this.#responseContext(),
    });
  }

  onFailure(failure: CallFailure): void {
    const forward = this.#forward;
    if (this.#stopped || this.#ended || forward === undefined) return;
    if (this.#answering) {
      this.#exchange.end();
      return;
    }
    const failed = { forward, failure };
    const retry = this.attempts.failed(failed, {
      idempotent: isIdempotent(this.#head),
      hasBody: this.#head.body !== 'none',
      bodyTaken: this.#bodyTaken,
    });
    if (this.#readingBody) this.#exchange.visitor.pauseBody();
    if (retry === 'same') this.send(forward);
    else if (retry === 'other') this.#rerouter.reroute(this.#visit, this, failed);
    else this.fail(failed);
  }

  /** Tells the visitor why its request was not answered. */
  fail({ forward, failure }: FailedCall): void {
    this.stop();
    const { state, sinceMs } = stateOf(this.#context.deps.router.resolve(this.#head.host));
    const { method } = this.#head;
    const told = failureOfCall(failure, forward, { safe: method === 'GET' || method === 'HEAD' });
    this.#exchange.fail({ ...told, state, sinceMs });
  }

  #end(chunk: Buffer | undefined, trailers: readonly string[]): void {
    this.#ended = true;
    this.attempts.end();
    this.#exchange.visitor.end(chunk, trailers);
  }

  #countChannel(): void {
    this.#context.deps.metrics.channelUsed(this.#call?.reused === true);
  }

  #responseContext(): ResponseContext {
    return {
      host: this.#head.host,
      protocol: this.#context.deps.publicAddress.protocol,
      upstreamHost: this.#forward === undefined ? undefined : rewrittenHost(this.#forward),
      setCookies: this.#visit.setCookies,
      robots: this.#forward?.options.robots,
    };
  }
}

function flushHead(relay: Relay): void {
  relay.flushHead();
}
