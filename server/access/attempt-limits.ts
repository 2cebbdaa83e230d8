import { sourceNetwork } from '../../core/source-network.ts';

export interface AttemptLimitsOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  readonly maxSources?: number;
  readonly maxTargets?: number;
  /** A source is made to wait for the first time since it was last in good standing. */
  readonly onBlocked?: (blocked: { source: string; target: string; forMs: number }) => void;
}

export type AttemptAnswer =
  { readonly ok: true } | { readonly ok: false; readonly retryAfterSeconds: number };

/** Failures that are forgiven with time. */
interface Failures {
  readonly count: number;
  /** When that many were counted. */
  readonly at: number;
}

interface Source {
  readonly failures: Failures;
  /**
   * Of those the ones at each target, which a success there takes back; never more than there are, or whoever may succeed somewhere could take
   * back what was tried elsewhere. Bounded: those of further targets are not taken back.
   */
  readonly targets: ReadonlyMap<string, number>;
  readonly blockedUntil: number;
}

const freeFailures = 10;
const forgivenEachMs = 60_000;
const firstBlockMs = 1000;
const maxBlockMs = 10 * 60_000;
/** From here on a block is as long as it gets. */
const maxFailures = freeFailures + 1 + Math.ceil(Math.log2(maxBlockMs / firstBlockMs));
const maxTargetsOfSource = 16;
/** What a target may see from everywhere in a minute before sources have fewer failures free there. */
const calmFailures = 100;
const calmForgivenEachMs = 60_000 / calmFailures;
/** Of each hundred more there is half of the free ones left. */
const maxTargetFailures = 5 * calmFailures;

/**
 * Who has shown too many wrong secrets lately: passwords, tokens, links, codes, whatever opens something; by source (an IPv4 address or an IPv6 network)
 * and by target (the name of an environment). A source has ten failures free, wherever it makes them; after each one more it waits, for a second, two,
 * four, up to ten minutes; one is forgiven each minute, and a success takes back those made at the same target. Where a target sees more than a hundred
 * a minute from everywhere, sources that fail there have fewer free ones: five, two, one. Nobody is exempt. Bounded: whoever failed longest ago is
 * forgotten first.
 */
export class AttemptLimits {
  readonly #options: Required<AttemptLimitsOptions>;
  /** In the order of their last failure. */
  readonly #sources = new Map<string, Source>();
  readonly #targets = new Map<string, Failures>();

  constructor(options: AttemptLimitsOptions = {}) {
    this.#options = {
      now: () => performance.now(),
      maxSources: 10_000,
      maxTargets: 10_000,
      onBlocked: () => undefined,
      ...options,
    };
  }

  /** How much is remembered. */
  get size(): { readonly sources: number; readonly targets: number } {
    return { sources: this.#sources.size, targets: this.#targets.size };
  }

  /** Whether the source may show a secret now. */
  check(address: string, _target: string): AttemptAnswer {
    const source = this.#sources.get(sourceNetwork(address));
    const leftMs = source === undefined ? 0 : source.blockedUntil - this.#options.now();
    return leftMs > 0 ? { ok: false, retryAfterSeconds: Math.ceil(leftMs / 1000) } : { ok: true };
  }

  /** It showed a wrong one. */
  failed(address: string, target: string): void {
    const now = this.#options.now();
    const name = sourceNetwork(address);
    const before = this.#sources.get(name);
    const left = before === undefined ? 0 : leftOf(before.failures, now, forgivenEachMs);
    const count = Math.min(maxFailures, left + 1);
    const targets = scaled(before?.targets, left / (before?.failures.count ?? 1));
    if (targets.has(target) || targets.size < maxTargetsOfSource)
      targets.set(target, (targets.get(target) ?? 0) + 1);
    const free = this.#freeAt(target, now);
    const forMs = blockMs(count - free);
    this.#keep(name, {
      failures: { count, at: now },
      targets: scaled(targets, count / (left + 1)),
      blockedUntil: Math.max(before?.blockedUntil ?? 0, now + forMs),
    });
    if (forMs === firstBlockMs) this.#options.onBlocked({ source: name, target, forMs });
  }

  /** It showed the right one: what it failed with there before were slips. */
  succeeded(address: string, target: string): void {
    const name = sourceNetwork(address);
    const source = this.#sources.get(name);
    const slips = source?.targets.get(target);
    if (source === undefined || slips === undefined) return;
    const now = this.#options.now();
    const left = leftOf(source.failures, now, forgivenEachMs);
    const part = left / source.failures.count;
    const targets = scaled(source.targets, part);
    targets.delete(target);
    const count = left - slips * part;
    // What is left over may be the rounding of fractions.
    if (targets.size === 0 && count < 1e-6) {
      this.#sources.delete(name);
      return;
    }
    const blockedUntil = count > freeFailures ? source.blockedUntil : 0;
    this.#sources.set(name, { failures: { count, at: now }, targets, blockedUntil });
  }

  /** Counts one more at the target. How many failures a source has free there. */
  #freeAt(target: string, now: number): number {
    const before = this.#targets.get(target);
    const left = before === undefined ? 0 : leftOf(before, now, calmForgivenEachMs);
    const count = Math.min(maxTargetFailures, left + 1);
    this.#targets.delete(target);
    this.#targets.set(target, { count, at: now });
    keepNewest(this.#targets, this.#options.maxTargets);
    return Math.max(1, Math.floor(freeFailures / 2 ** Math.floor(Math.max(0, count - 1) / calmFailures)));
  }

  #keep(name: string, source: Source): void {
    this.#sources.delete(name);
    this.#sources.set(name, source);
    keepNewest(this.#sources, this.#options.maxSources);
  }
}

function leftOf({ count, at }: Failures, now: number, forgivenMs: number): number {
  return Math.max(0, count - (now - at) / forgivenMs);
}

function blockMs(over: number): number {
  const beyond = Math.round(over);
  return beyond <= 0 ? 0 : Math.min(maxBlockMs, firstBlockMs * 2 ** (beyond - 1));
}

/** What is left of each, without those of which nothing is. */
function scaled(targets: ReadonlyMap<string, number> | undefined, part: number): Map<string, number> {
  const entries = [...(targets ?? [])].map(([name, count]) => [name, count * part] as const);
  return new Map(entries.filter(([, count]) => count > 0));
}

function keepNewest(map: Map<string, unknown>, max: number): void {
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}
