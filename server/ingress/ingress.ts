import type { Socket } from 'node:net';
import type { ErrorCode } from '../../core/errors.ts';
import { Latch, deadline } from '../../core/lifecycle.ts';
import type { Closable } from '../../core/lifecycle.ts';
import type { Answer } from '../pages/answer.ts';
import { adviceOnCookies } from './advice.ts';
import { Connection } from './connection.ts';
import type { IngressContext } from './context.ts';
import type { ConnectionInfo, IngressDependencies } from './dependencies.ts';
import { Dispatcher } from './dispatch.ts';
import { errorAnswer } from './error-answer.ts';
import { Exchange } from './exchange.ts';
import type { Overflow } from './http1-refusal.ts';
import { Http1Front } from './http1-front.ts';
import { Http2Front } from './http2-front.ts';
import { InFlight } from './in-flight.ts';
import { Recheck } from './recheck.ts';
import { newRequestId } from './request-id.ts';
import { routeHostname } from './sites.ts';
import { removeTossed } from './tossed-cookies.ts';
import { Upstreams } from './upstreams.ts';
import type { Visitor } from './visitor.ts';

/** HTTP coming in from visitors, and on to the environments. It listens to nothing: it is given connections. */
export interface Ingress extends Omit<Closable, 'close'> {
  /** A connection that speaks HTTP/1.x inside TLS. */
  handleHttp1(socket: Socket, info: ConnectionInfo): void;
  /** A connection that has agreed on HTTP/2. */
  handleHttp2(socket: Socket, info: ConnectionInfo): void;
  /** A connection that speaks HTTP/1.x without TLS. */
  handlePlainHttp(socket: Socket, info: ConnectionInfo): void;
  /** Requests and upgrades that are not over, those that wait included. */
  readonly inFlight: number;
  /** Connections of visitors, idle ones included. */
  readonly connections: number;
  /** The most that the requests which wait for a tunnel keep in memory. */
  readonly heldBytes: number;
  /** Something has changed in who may visit what: soon all that goes on is asked about again, and what is no longer allowed is ended. */
  recheck(): void;
  /**
   * Gives each connection one more answer at most, and lets requests and upgrades that run finish, at most for `graceMs`. A connection is closed
   * when it is quiet for `idleMs`: a request may be on its way.
   */
  close(graceMs: number, options?: ClosingOptions): Promise<void>;
}

export interface ClosingOptions {
  readonly idleMs?: number;
  /** Whether connections may come that were accepted already. */
  readonly more?: () => boolean;
}

const maxSweepMs = 1000;
const minSweepMs = 10;
const drainCheckMs = 20;

export function createIngress(deps: IngressDependencies): Ingress {
  return new LiveIngress(deps);
}

class LiveIngress implements Ingress, IngressContext {
  readonly deps: IngressDependencies;
  readonly upstreams: Upstreams;
  readonly counts: InFlight;
  readonly live = new Set<Exchange>();
  readonly #dispatcher: Dispatcher;
  readonly #http1: Http1Front;
  readonly #http2: Http2Front;
  readonly #sweep: NodeJS.Timeout;
  readonly #recheck: Recheck;
  readonly #ended = new Latch<string>();
  readonly #quiet = new Latch<undefined>();
  #closing: Promise<void> | undefined;
  #more = (): boolean => false;

  constructor(deps: IngressDependencies) {
    const { limits, domain } = deps;
    this.deps = deps;
    this.counts = new InFlight(limits);
    this.upstreams = new Upstreams({
      tlsHandshakeTimeoutMs: limits.tlsHandshakeTimeoutMs,
      hostnameOf: (forward) => routeHostname(forward.route, domain),
    });
    this.#dispatcher = new Dispatcher(this);
    const handle = (visitor: Visitor): void => this.#dispatcher.dispatch(new Exchange(visitor, this));
    const refusal = (code: ErrorCode, connection: Connection, overflow: Overflow): Answer =>
      this.#refusal(code, connection, overflow);
    this.#http1 = new Http1Front({ ...limits, handle, refusal });
    this.#http2 = new Http2Front({ ...limits, handle });
    this.#recheck = new Recheck({ deps, live: this.live });
    deps.doorkeeper.onChange(() => this.recheck());
    this.#sweep = setInterval(() => this.#endStalled(), sweepMs(deps)).unref();
  }

  get closed(): Promise<string> {
    return this.#ended.promise;
  }

  get inFlight(): number {
    return this.live.size;
  }

  get connections(): number {
    return this.#http1.connections + this.#http2.connections;
  }

  get heldBytes(): number {
    return this.#dispatcher.heldBytes;
  }

  handleHttp1(socket: Socket, info: ConnectionInfo): void {
    this.#http1.accept(socket, this.#connection(info));
  }

  handleHttp2(socket: Socket, info: ConnectionInfo): void {
    this.#http2.accept(socket, this.#connection(info));
  }

  handlePlainHttp(socket: Socket, info: ConnectionInfo): void {
    this.#http1.accept(socket, this.#connection(info));
  }

  recheck(): void {
    if (!this.#ended.settled) this.#recheck.request();
  }

  get draining(): boolean {
    return this.#closing !== undefined;
  }

  close(graceMs: number, options: ClosingOptions = {}): Promise<void> {
    this.#closing ??= this.#drain(graceMs, options);
    return this.#closing;
  }

  destroy(reason: string): void {
    if (!this.#ended.settle(reason)) return;
    clearInterval(this.#sweep);
    this.#recheck.close();
    for (const exchange of [...this.live]) exchange.end();
    this.#http1.destroy();
    this.#http2.destroy();
    this.#quiet.settle(undefined);
  }

  onOver(): void {
    if (this.#closing !== undefined) this.#endIfQuiet();
  }

  async #drain(graceMs: number, { idleMs = 0, more = () => false }: ClosingOptions): Promise<void> {
    this.#more = more;
    this.#http1.close(idleMs);
    this.#http2.close(idleMs);
    const look = (): void => {
      for (const exchange of [...this.live]) exchange.answerer?.onDrain?.();
      this.#endIfQuiet();
    };
    const check = setInterval(look, drainCheckMs).unref();
    look();
    await deadline(this.#quiet.promise, graceMs, () => this.#cutOff());
    clearInterval(check);
    this.destroy('closed');
  }

  #endIfQuiet(): void {
    if (this.live.size === 0 && this.connections === 0 && !this.#more()) this.#quiet.settle(undefined);
  }

  #cutOff(): undefined {
    const inFlight = this.live.size;
    if (inFlight > 0) this.deps.log.warn({ inFlight }, 'requests cut off at the end of the grace period');
  }

  #connection(info: ConnectionInfo): Connection {
    const connection = new Connection(info, this.deps.isTrustedProxy(info.remoteAddress));
    connection.closing = this.#closing !== undefined;
    return connection;
  }

  #refusal(code: ErrorCode, connection: Connection, { accept, cookies }: Overflow): Answer {
    const requestId = newRequestId();
    const { remoteAddress } = connection.info;
    this.deps.log.info({ requestId, code, remote: remoteAddress }, 'connection refused');
    const { domain } = this.deps;
    const next = code === 'ERR_HEADERS_TOO_LARGE' ? { next: adviceOnCookies(domain) } : {};
    return errorAnswer({ code, ...next, headers: removeTossed(cookies, domain) }, { accept, requestId });
  }

  #endStalled(): void {
    const now = performance.now();
    for (const exchange of this.live) exchange.checkStall(now);
  }
}

/** Often enough for the shortest patience to be kept within a quarter. */
function sweepMs({ limits }: IngressDependencies): number {
  const shortest = Math.min(limits.responseTimeoutMs, limits.idleTimeoutMs, limits.streamIdleTimeoutMs);
  return Math.max(minSweepMs, Math.min(maxSweepMs, shortest / 4));
}
