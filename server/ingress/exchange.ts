import type { ErrorCode } from '../../core/errors.ts';
import type { AccessWay } from '../access/decision.ts';
import type { Place } from '../access/viewer.ts';
import type { Answer } from '../pages/answer.ts';
import type { IngressContext } from './context.ts';
import type { RequestEntry } from './dependencies.ts';
import { letsIn, type Leftovers } from './changed-hands.ts';
import { errorAnswer } from './error-answer.ts';
import { withHeaders } from './failure.ts';
import type { Failure } from './failure.ts';
import { readableBy } from './cross-origin.ts';
import type { RequestHead } from './request-head.ts';
import { newRequestId } from './request-id.ts';
import type { Visitor, VisitorListener } from './visitor.ts';

/** Whom an exchange is with, once it is known; what the log goes by. */
export interface Subject {
  readonly env: string;
  readonly service: string | undefined;
  readonly port: number | undefined;
  readonly tunnelId: string | undefined;
}

/** What was opened to its visitor, and by what. */
export interface Admitted {
  readonly place: Place;
  readonly via: AccessWay;
}

/** Whatever gives a visitor's request its answer over time: it is told what the visitor does, and when to stop. */
export interface Answerer {
  onBody(chunk: Buffer): void;
  onBodyEnd(trailers: readonly string[]): void;
  onVisitorDrain(): void;
  /** A number that changes with every byte, where the exchange cannot count them itself. */
  readonly progress?: number;
  /** How long there may be silence, in this state. */
  readonly patienceMs: number;
  /** There was silence for so long. */
  onStall(): void;
  /** The gateway takes no tunnels any more: told again and again to those who may wait for one. */
  onDrain?(): void;
  /** The visitor is gone, or the answer is complete: nothing is to be sent any more. */
  stop(): void;
}

const maxLoggedPath = 1024;
const nothing: readonly string[] = [];
const noLeftovers = (): Leftovers | undefined => undefined;

/**
 * One request from a visitor, from its first byte to its line in the log: it has one id, one answer, and one place among
 * the requests in flight.
 */
export class Exchange implements VisitorListener {
  readonly visitor: Visitor;
  readonly #context: IngressContext;
  readonly #startedAt = performance.now();
  id = '';
  head: RequestHead | undefined;
  /** The visitor's address, as far as it can be believed. */
  remote: string;
  subject: Subject | undefined;
  /** Undefined until the visitor was let in. */
  admitted: Admitted | undefined;
  /** Of former owners, in the visitor's browser. */
  leftovers: Leftovers | undefined;
  /** The same, to be looked for when an answer lets the visitor in: before that it is nobody's to know. */
  findLeftovers = noLeftovers;
  answerer: Answerer | undefined;
  /** Counts everything that happens, so that silence can be told. */
  progress = 0;
  bytesIn = 0;
  bytesOut = 0;
  upgraded = false;
  /** The head of the answer is out. */
  responded = false;
  /** How many times it has waited for a tunnel to be back, and how long in all. */
  holds = 0;
  heldMs = 0;
  over = false;
  #status = 0;
  #code: ErrorCode | undefined;
  #entered: string | undefined;
  #seenProgress = 0;
  #quietSince = this.#startedAt;

  constructor(visitor: Visitor, context: IngressContext) {
    this.visitor = visitor;
    this.#context = context;
    this.remote = visitor.connection.info.remoteAddress;
    context.live.add(this);
    visitor.attach(this);
  }

  setHead(head: RequestHead): void {
    this.head = head;
    this.id = head.requestId ?? newRequestId();
  }

  /** What was let in is on its way to an upstream, or back. */
  get goesOn(): boolean {
    return this.#entered !== undefined && this.admitted !== undefined;
  }

  /** Takes a place among the requests of an environment, once; false if there is none. */
  enter(env: string): boolean {
    if (this.#entered === env) return true;
    this.#leave();
    if (!this.#context.counts.enter(env)) return false;
    this.#entered = env;
    return true;
  }

  /** The gateway's own whole answer; when another one has begun, that is broken off instead. */
  answer(answer: Answer): void {
    if (this.over) return;
    if (this.responded) {
      this.visitor.abort();
      return;
    }
    this.#code = answer.code;
    // It is asked again, on a connection of its own.
    if (answer.code === 'ERR_MISDIRECTED') this.leftovers = undefined;
    if (letsIn(answer.headers)) this.leftovers = this.findLeftovers();
    try {
      this.respond(answer.status, '', answer.headers);
    } catch (err) {
      this.#context.deps.log.error({ err, requestId: this.id }, 'answer of the gateway cannot be sent');
      this.visitor.abort();
      return;
    }
    const body = this.visitor.request.method === 'HEAD' || answer.body.length === 0 ? undefined : answer.body;
    this.bytesOut += body?.length ?? 0;
    this.visitor.end(body, []);
  }

  fail(failure: Failure, accept = this.head?.accept ?? ''): void {
    if (this.id === '') this.id = newRequestId();
    const { method } = this.visitor.request;
    const crossOrigin = this.crossOriginHeaders();
    const told = crossOrigin.length === 0 ? failure : withHeaders(failure, crossOrigin);
    this.answer(errorAnswer(told, { accept, requestId: this.id, method, nowMs: this.#context.deps.now() }));
  }

  /** For an answer of the gateway's own to be read by the page that asked for it, if it may. */
  crossOriginHeaders(): readonly string[] {
    const origin = this.head?.context.origin;
    if (origin === undefined || this.subject === undefined) return nothing;
    const mayRead = this.#context.deps.mayRead?.(origin, this.subject.env) === true;
    return mayRead ? readableBy(origin) : nothing;
  }

  /** The head of the answer. Throws what Node throws at one that cannot be sent; then nothing was. */
  respond(status: number, message: string, headers: string[]): void {
    const cleared = this.leftovers?.headers ?? nothing;
    this.visitor.respond(status, message, cleared.length === 0 ? headers : [...cleared, ...headers]);
    this.#status = status;
    this.responded = true;
    this.progress += 1;
  }

  /** The protocol is switched: `respond` for the raw kind. */
  switched(status: number): void {
    this.#status = status;
    this.responded = true;
    this.upgraded = true;
  }

  /** Breaks it off, whatever its state. */
  end(): void {
    if (this.over) return;
    this.answerer?.stop();
    this.visitor.abort();
  }

  /** Called now and then: ends it when nothing has moved for too long. */
  checkStall(now: number): void {
    const progress = this.answerer?.progress ?? this.progress;
    if (progress !== this.#seenProgress) {
      this.#seenProgress = progress;
      this.#quietSince = now;
      return;
    }
    const patienceMs = this.answerer?.patienceMs ?? this.#context.deps.limits.idleTimeoutMs;
    if (now - this.#quietSince < patienceMs) return;
    this.#quietSince = now;
    if (this.answerer !== undefined && !this.over) this.answerer.onStall();
    else this.visitor.abort();
  }

  // --- what the visitor does -----------------------------------------------------------------------------------

  onBody(chunk: Buffer): void {
    this.progress += 1;
    this.bytesIn += chunk.length;
    this.answerer?.onBody(chunk);
  }

  onBodyEnd(trailers: readonly string[]): void {
    this.progress += 1;
    this.answerer?.onBodyEnd(trailers);
  }

  onVisitorDrain(): void {
    this.progress += 1;
    this.answerer?.onVisitorDrain();
  }

  onVisitorBroken(code: ErrorCode): void {
    this.answerer?.stop();
    this.fail({ code });
  }

  onVisitorClose(complete: boolean): void {
    this.finish(!complete);
  }

  // ----------------------------------------------------------------------------------------------------------------

  /** The end: told once by the visitor's side, or by the upgrade that took it over. */
  finish(aborted: boolean): void {
    if (this.over) return;
    this.over = true;
    this.answerer?.stop();
    this.#leave();
    this.#context.live.delete(this);
    this.#report(aborted);
    this.#context.onOver();
  }

  #leave(): void {
    if (this.#entered !== undefined) this.#context.counts.leave(this.#entered);
    this.#entered = undefined;
  }

  /** Without its query, which may hold secrets. */
  #loggedPath(): string {
    const path = this.head?.pathname ?? this.visitor.request.target.split('?', 1)[0] ?? '';
    return path.length > maxLoggedPath ? path.slice(0, maxLoggedPath) : path;
  }

  #report(aborted: boolean): void {
    const { deps } = this.#context;
    const entry: RequestEntry = {
      requestId: this.id,
      env: this.subject?.env,
      service: this.subject?.service,
      port: this.subject?.port,
      tunnelId: this.subject?.tunnelId,
      method: this.visitor.request.method,
      path: this.#loggedPath(),
      status: this.#status,
      code: this.#code,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      durationMs: Math.round((performance.now() - this.#startedAt) * 10) / 10,
      ...(this.holds > 0 && { heldMs: Math.round(this.heldMs) }),
      remote: this.remote,
      ...(this.admitted !== undefined && { via: this.admitted.via }),
      upgraded: this.upgraded,
      aborted,
    };
    deps.metrics.requestEnded(entry);
    deps.onRequest?.(entry);
    deps.log.info(entry, 'request');
  }
}
