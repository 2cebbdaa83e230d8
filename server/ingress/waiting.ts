import { setTimeout as pause } from 'node:timers/promises';
import { deadline } from '../../core/lifecycle.ts';
import type { EnvResolution } from '../access/place-of.ts';
import type { Resolution, Router } from '../routing/resolution.ts';
import type { ChannelFailure, Forward, Origin } from '../tunnel/forward.ts';
import { probeIntervalMs } from './prober.ts';
import type { ProbeResult } from './prober.ts';
import { servesHttp } from './visit.ts';

/** What came of a wait. */
export type WaitOutcome =
  /** A tunnel offers it, and the service accepts connections. */
  | { readonly kind: 'ready'; readonly env: string }
  /** The time is over: what is true now, and why the service was not reached if it was tried. */
  | { readonly kind: 'late'; readonly resolution: EnvResolution; readonly refusal: Refusal | undefined }
  /** Whoever waits may not know of it. */
  | { readonly kind: 'closed' }
  /** As many wait as may. */
  | { readonly kind: 'full' };

export interface Refusal {
  readonly forward: Forward;
  readonly failure: ChannelFailure;
}

export interface WaitOptions {
  readonly host: string;
  readonly ms: number;
  readonly signal: AbortSignal;
  readonly origin: Origin;
  /** Whether the visitor may know of it, asked anew whenever something may have changed. */
  mayKnow(resolution: EnvResolution): boolean;
  /** Waits for what it may not know of as for what is not there: nobody can tell which it was. */
  readonly evenIfClosed: boolean;
}

export interface WaitDependencies {
  readonly router: Router;
  readonly prober: { probe(forward: Forward, origin: Origin): Promise<ProbeResult> };
}

type Served = Extract<Resolution, { kind: 'forward' }>;

/** Waits until a host is ready: by the routing table first, then by whether its service accepts connections. Never longer than asked. */
export class Waiting {
  readonly #options: WaitOptions;
  readonly #deps: WaitDependencies;
  readonly #end: number;
  #refusal: Refusal | undefined;

  constructor(options: WaitOptions, deps: WaitDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#end = performance.now() + options.ms;
  }

  async outcome(): Promise<WaitOutcome> {
    for (;;) {
      const resolution = this.#deps.router.resolve(this.#options.host);
      if (resolution.kind === 'apex' || resolution.kind === 'foreign') return { kind: 'closed' };
      const mayKnow = this.#options.mayKnow(resolution);
      if (!mayKnow && !this.#options.evenIfClosed) return { kind: 'closed' };
      const ready = mayKnow && resolution.kind === 'forward' && (await this.#isReady(resolution));
      if (ready) return { kind: 'ready', env: resolution.environment.name };
      if (this.#leftMs <= 0 || this.#options.signal.aborted) return this.#late(mayKnow);
      if ((await this.#nextChance(resolution, mayKnow)) === 'full') return { kind: 'full' };
    }
  }

  get #leftMs(): number {
    return this.#end - performance.now();
  }

  /** What is true at the end may be something else than what was waited for. */
  #late(mayKnow: boolean): WaitOutcome {
    if (!mayKnow) return { kind: 'closed' };
    const resolution = this.#deps.router.resolve(this.#options.host);
    if (resolution.kind === 'apex' || resolution.kind === 'foreign') return { kind: 'closed' };
    if (!this.#options.mayKnow(resolution)) return { kind: 'closed' };
    return { kind: 'late', resolution, refusal: this.#refusal };
  }

  /** The stand-by serves too. */
  async #isReady({ forward, standby }: Served): Promise<boolean> {
    for (const each of [forward, standby]) {
      if (each !== undefined && servesHttp(each) && (await this.#accepts(each))) return true;
    }
    return false;
  }

  async #accepts(forward: Forward): Promise<boolean> {
    const probe = this.#deps.prober.probe(forward, this.#options.origin);
    const result = await deadline<ProbeResult>(probe, Math.max(0, this.#leftMs), () => ({ kind: 'timeout' }));
    if (result.kind === 'accepted') return true;
    this.#refusal = { forward, failure: result };
    return false;
  }

  /** What has no forward is waited for in the routing table; the rest is looked at again after a short time. */
  async #nextChance(resolution: EnvResolution, mayKnow: boolean): Promise<'again' | 'full'> {
    const { host, signal } = this.#options;
    if (mayKnow && resolution.kind !== 'forward') {
      const held = await this.#deps.router.hold(host, { ms: this.#leftMs, signal, untilReady: true });
      if (held === 'full') return 'full';
      if (held.kind === 'forward' || this.#leftMs <= 0) return 'again';
    }
    await pause(Math.min(probeIntervalMs, Math.max(0, this.#leftMs)), undefined, { signal }).catch(() => {});
    return 'again';
  }
}
