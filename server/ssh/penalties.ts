import { sourceNetwork } from '../../core/source-network.ts';
import type { LoginFailureKind } from './login-outcome.ts';

export interface PenaltiesOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Sources that are never penalised. */
  readonly isExempt: (address: string) => boolean;
  /** A source is blocked for the first time since it was last in good standing, or for much longer than when it was last told. */
  readonly onBlocked: (blocked: { source: string; forMs: number }) => void;
  /** How many sources are remembered. */
  readonly maxSources?: number;
}

interface Offender {
  /** As it was at `at`; failures are forgiven with time. */
  readonly score: number;
  readonly at: number;
  readonly blockedUntil: number;
  /** The longest block that was told. */
  readonly toldMs: number;
}

/** Whoever only connects costs little: often it is a probe, or somebody's `ssh-keyscan`. */
const weights: Readonly<Record<LoginFailureKind, number>> = { refused: 1, late: 1, nothing: 0.1 };
const freeFailures = 10;
const forgivenEachMs = 60_000;
const firstBlockMs = 1000;
const maxBlockMs = 10 * 60_000;
/** Four lines of the log, and no more, tell of the worst. */
const tellAgainFactor = 8;
/** From here on a block is as long as it gets. */
const maxScore = freeFailures + 1 + Math.ceil(Math.log2(maxBlockMs / firstBlockMs));
/** Whose session ends may come back, also from beside somebody who is refused all the time. */
const trustedAfterMs = 10 * 60_000;
const defaultMaxSources = 10_000;

/**
 * Who has failed to log in too often lately, by source: an IPv4 address or an IPv6 network. What counts is a connection that ends without
 * a login, not each key. Ten are free; after each one more the source is blocked, for a second, two, four, up to ten minutes; one is forgiven each
 * minute. A source with a live session, or which had one a moment ago, is never blocked. Bounded: whoever failed longest ago is forgotten first.
 */
export class Penalties {
  readonly #options: Required<PenaltiesOptions>;
  /** In the order of their last failure. */
  readonly #offenders = new Map<string, Offender>();
  readonly #live = new Map<string, number>();
  /** Until when, in the order in which their last session ended. */
  readonly #trusted = new Map<string, number>();

  constructor(options: PenaltiesOptions) {
    this.#options = { maxSources: defaultMaxSources, ...options };
  }

  /** Sources that are remembered for something. */
  get size(): number {
    return this.#offenders.size + this.#trusted.size + this.#live.size;
  }

  /** A connection ended without a login. */
  failed(address: string, why: LoginFailureKind): void {
    const source = sourceNetwork(address);
    if (this.#isTrusted(source) || this.#options.isExempt(address)) return;
    const now = this.#options.now();
    const before = this.#offender(source, now);
    const score = Math.min(maxScore, (before?.score ?? 0) + weights[why]);
    const forMs = blockMs(score);
    const blockedUntil = Math.max(before?.blockedUntil ?? 0, now + forMs);
    const toldMs = before?.toldMs ?? 0;
    const isNews = forMs > 0 && forMs >= toldMs * tellAgainFactor;
    this.#offenders.delete(source);
    this.#offenders.set(source, { score, at: now, blockedUntil, toldMs: isNews ? forMs : toldMs });
    keepNewest(this.#offenders, this.#options.maxSources);
    if (isNews) this.#options.onBlocked({ source, forMs });
  }

  /** Somebody logged in. The function that is given is to be called (once) when their connection is over. */
  succeeded(address: string): () => void {
    const source = sourceNetwork(address);
    this.#live.set(source, (this.#live.get(source) ?? 0) + 1);
    this.#offenders.delete(source);
    let live = true;
    return () => {
      if (!live) return;
      live = false;
      this.#ended(source);
    };
  }

  /** Whether the source may not try to log in now. */
  isBlocked(address: string): boolean {
    return this.blockedForMs(address) > 0;
  }

  /** For how long the source may not try to log in; 0 if it may. */
  blockedForMs(address: string): number {
    const source = sourceNetwork(address);
    if (!this.#offenders.has(source) || this.#isTrusted(source)) return 0;
    if (this.#options.isExempt(address)) return 0;
    const now = this.#options.now();
    return Math.max(0, (this.#offender(source, now)?.blockedUntil ?? 0) - now);
  }

  /** What is left of its score; nothing when all is forgiven. */
  #offender(source: string, now: number): Offender | undefined {
    const known = this.#offenders.get(source);
    if (known === undefined) return undefined;
    const score = known.score - (now - known.at) / forgivenEachMs;
    if (score > 0 || known.blockedUntil > now) return { ...known, score: Math.max(0, score) };
    this.#offenders.delete(source);
    return undefined;
  }

  #isTrusted(source: string): boolean {
    if (this.#live.has(source)) return true;
    const until = this.#trusted.get(source);
    if (until === undefined || until > this.#options.now()) return until !== undefined;
    this.#trusted.delete(source);
    return false;
  }

  #ended(source: string): void {
    const left = (this.#live.get(source) ?? 1) - 1;
    if (left > 0) {
      this.#live.set(source, left);
      return;
    }
    this.#live.delete(source);
    this.#trusted.delete(source);
    this.#trusted.set(source, this.#options.now() + trustedAfterMs);
    keepNewest(this.#trusted, this.#options.maxSources);
  }
}

function blockMs(score: number): number {
  const over = Math.round(score) - freeFailures;
  return over <= 0 ? 0 : Math.min(maxBlockMs, firstBlockMs * 2 ** (over - 1));
}

function keepNewest(map: Map<string, unknown>, max: number): void {
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}
