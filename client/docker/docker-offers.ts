import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from '../../core/backoff.ts';
import type { OfferSource } from '../offer-source.ts';
import { oneLine } from '../printable.ts';
import type { DockerEvent } from '../report.ts';
import type { Offer } from '../target.ts';
import { Bell, type BellTimings } from './bell.ts';
import type { EngineAddress } from './engine-address.ts';
import { Engine } from './engine.ts';
import { offersOf, type OffersOptions, type Skipped } from './offers-of.ts';
import { findRunning } from './running.ts';

export interface DockerOffersOptions {
  readonly address: EngineAddress;
  /** The compose project, as `composeProject` finds it. */
  readonly project: string | undefined;
  /** Option words for all services, as on the command line. */
  readonly commonWords: readonly string[];
  readonly onEvent: (event: DockerEvent) => void;
  readonly timings?: DockerTimings;
}

export interface DockerTimings extends BellTimings {
  /** For each answer of the engine. */
  readonly answerMs: number;
  /** Between two tries to reach it. */
  readonly backoff: { readonly initialMs: number; readonly maxMs: number };
}

const defaultTimings: DockerTimings = {
  answerMs: 10_000,
  settleMs: 500,
  relistMs: 60_000,
  backoff: { initialMs: 500, maxMs: 15_000 },
};

/**
 * The containers of the local engine as services to offer. Settles when it is known what runs now, or that the engine is away; it is
 * waited for then. Never rejects.
 */
export async function openDockerOffers(options: DockerOffersOptions): Promise<OfferSource> {
  const offers = new DockerOffers(options);
  await offers.started;
  return offers;
}

class DockerOffers implements OfferSource {
  /** Settles after the first answer or the first failure. */
  readonly started: Promise<void>;
  readonly #options: DockerOffersOptions;
  readonly #timings: DockerTimings;
  readonly #engine: Engine;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<() => void>();
  readonly #start: () => void;
  #offers: readonly Offer[] = [];
  #toldSkipped: ReadonlySet<string> = new Set();
  #state: 'new' | 'watching' | 'lost' = 'new';

  constructor(options: DockerOffersOptions) {
    this.#options = options;
    this.#timings = options.timings ?? defaultTimings;
    this.#engine = new Engine({ address: options.address, answerMs: this.#timings.answerMs });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.started = promise;
    this.#start = () => resolve(undefined);
    void this.#run();
  }

  get offers(): readonly Offer[] {
    return this.#offers;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#listeners.clear();
    this.#stop.abort();
    this.#start();
  }

  /** What stands stays offered while the engine is away: containers may well live on. */
  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const backoff = new Backoff(this.#timings.backoff);
    while (!signal.aborted) {
      const reason = await this.#watch(() => backoff.reset());
      if (this.#isClosed()) return;
      this.#tellLost(reason);
      this.#start();
      await delay(backoff.next(), undefined, { signal }).catch(() => undefined);
    }
  }

  /** One connection to the engine, from the first question to its end. Gives the reason of the end; never rejects. */
  async #watch(onFresh: () => void): Promise<string> {
    const connection = new AbortController();
    const onStop = (): void => connection.abort();
    this.#stop.signal.addEventListener('abort', onStop);
    const bell = new Bell(this.#timings);
    const on = { change: () => bell.ring(), end: (reason: string) => bell.end(reason) };
    try {
      // Events first: what happens between the two must not be missed.
      await this.#engine.watch(on, connection.signal);
      for (;;) {
        await this.#look(connection.signal);
        onFresh();
        const end = await bell.rung();
        if (end !== undefined) return end;
      }
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      bell.end('over');
      connection.abort();
      this.#stop.signal.removeEventListener('abort', onStop);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const running = await findRunning(this.#engine, this.#options.project, signal);
    if (this.#isClosed()) return;
    this.#tellWatching();
    const services = offersOf(running.containers, this.#offersOptions());
    this.#tellSkipped([...running.skipped, ...services.skipped]);
    this.#take(services.offers);
    this.#start();
  }

  #isClosed(): boolean {
    return this.#stop.signal.aborted;
  }

  #offersOptions(): OffersOptions {
    const { project, commonWords, address } = this.#options;
    const isElsewhere = address.kind === 'tcp' && !/^(?:localhost|127(?:\.\d+){3}|::1)$/i.test(address.host);
    return { project, commonWords, engineHost: isElsewhere ? address.host : undefined };
  }

  /** An offer that stays is the same object, and a set that stays is no change. */
  #take(fresh: readonly Offer[]): void {
    const known = new Map(this.#offers.map((offer) => [identity(offer), offer]));
    const offers = fresh.map((offer) => known.get(identity(offer)) ?? offer);
    if (offers.length === this.#offers.length && offers.every((offer) => this.#offers.includes(offer)))
      return;
    this.#offers = offers;
    for (const listener of [...this.#listeners]) listener();
  }

  #tellWatching(): void {
    if (this.#state === 'watching') return;
    this.#state = 'watching';
    this.#options.onEvent({ event: 'docker', state: 'watching' });
  }

  /** Told once, not with every try. */
  #tellLost(reason: string): void {
    if (this.#state === 'lost') return;
    this.#state = 'lost';
    this.#options.onEvent({ event: 'docker', state: 'lost', reason: oneLine(reason) });
  }

  #tellSkipped(skipped: readonly Skipped[]): void {
    const now = new Map(skipped.map((each) => [JSON.stringify(each), each]));
    for (const [key, each] of now) {
      if (!this.#toldSkipped.has(key)) this.#options.onEvent({ event: 'container-skipped', ...each });
    }
    this.#toldSkipped = new Set(now.keys());
  }
}

function identity({ service, port, target, words }: Offer): string {
  return JSON.stringify([service, port, target, words]);
}
