import { setImmediate as turn } from 'node:timers/promises';
import { deadline } from '../../core/lifecycle.ts';
import type { AccessDecision } from '../access/decision.ts';
import { accessRequest, askedPlace } from './access-request.ts';
import type { IngressDependencies } from './dependencies.ts';
import type { Exchange } from './exchange.ts';

export interface RecheckOptions {
  readonly deps: Pick<IngressDependencies, 'doorkeeper' | 'router' | 'log'>;
  /** The exchanges that are not over. */
  readonly live: ReadonlySet<Exchange>;
  readonly everyMs?: number;
}

const everyMs = 5000;
/** Changes that come together are looked at together. */
const settleMs = 50;
/** Asked about in one turn of the event loop: thousands do not hold up the others. */
const perTurn = 64;
/** For a password or the like to be checked once more. */
const proveMs = 5000;
/** What could not be told in so many rounds is no longer allowed. */
const maxDoubts = 2;

/**
 * Asks again for all that goes on, whether it still may: when something changed in what was given to visitors, and every few seconds, as much changes by
 * itself or elsewhere. Streams, upgrades, uploads: each is asked about as it was when it came, and ended when it would not be let in now.
 */
export class Recheck {
  readonly #options: RecheckOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #doubts = new WeakMap<Exchange, number>();
  #soon: NodeJS.Timeout | undefined;
  #running = false;
  #again = false;
  #closed = false;

  constructor(options: RecheckOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#begin(), options.everyMs ?? everyMs).unref();
  }

  /** Something has changed. */
  request(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#begin();
    }, settleMs).unref();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
  }

  #begin(): void {
    this.#again = true;
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#again && !this.#closed) {
      this.#again = false;
      let asked = 0;
      for (const exchange of [...this.#options.live]) {
        this.#look(exchange);
        if (++asked % perTurn === 0) await turn();
      }
    }
    this.#running = false;
  }

  #look(exchange: Exchange): void {
    if (!exchange.over && exchange.goesOn) this.#judge(exchange, this.#decide(exchange));
  }

  #judge(exchange: Exchange, decision: AccessDecision): void {
    switch (decision.kind) {
      case 'allow':
        this.#doubts.delete(exchange);
        break;
      case 'prove':
        if (this.#doubt(exchange)) void this.#prove(exchange, decision);
        break;
      case 'limited':
        this.#doubt(exchange);
        break;
      default:
        this.#end(exchange);
    }
  }

  /** False when it was the last doubt. */
  #doubt(exchange: Exchange): boolean {
    const doubts = (this.#doubts.get(exchange) ?? 0) + 1;
    this.#doubts.set(exchange, doubts);
    if (doubts <= maxDoubts) return true;
    this.#end(exchange);
    return false;
  }

  async #prove(exchange: Exchange, decision: Extract<AccessDecision, { kind: 'prove' }>): Promise<void> {
    await deadline(decision.prove(), proveMs, () => undefined).catch(() => {});
    if (exchange.over || this.#closed) return;
    const proven = this.#decide(exchange);
    // Else it is asked about in the next round.
    if (proven.kind !== 'prove') this.#judge(exchange, proven);
  }

  /**
   * By what is true now of what it asked for, as far as that is there: whoever reads from a service that has gone offline goes on by what was true
   * before. A decision that fails is none.
   */
  #decide(exchange: Exchange): AccessDecision {
    const { deps } = this.#options;
    const { head, admitted } = exchange;
    if (head === undefined || admitted === undefined) return { kind: 'unknown' };
    try {
      const resolution = deps.router.resolve(head.host);
      const place = resolution.kind === 'forward' ? askedPlace(head, resolution) : admitted.place;
      return deps.doorkeeper.decide(accessRequest(head, exchange.remote, place));
    } catch (err) {
      deps.log.error({ err, requestId: exchange.id }, 'access could not be decided anew');
      return { kind: 'unknown' };
    }
  }

  #end(exchange: Exchange): void {
    const { id: requestId, subject, admitted, remote } = exchange;
    const { log } = this.#options.deps;
    log.info({ requestId, env: subject?.env, via: admitted?.via, remote }, 'access withdrawn');
    try {
      exchange.end();
    } catch (err) {
      log.error({ err, requestId }, 'what goes on without access could not be ended');
    }
  }
}
