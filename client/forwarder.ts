import { openFailure } from '../core/channel-opening.ts';
import { forwardKey } from '../core/forward.ts';
import { pipeBoth } from '../core/pipe.ts';
import type { ChannelOpening } from './channel-openings.ts';
import { connectLocal, type LocalConnection } from './local-socket.ts';
import type { OfferSource } from './offer-source.ts';
import { forwardRequest, type Offer } from './target.ts';

export type LocalFailure = Extract<LocalConnection, { kind: 'failed' }>;

export interface ForwarderOptions {
  readonly source: OfferSource;
  readonly connectTimeoutMs: number;
  /** How often a service that refuses is tried again, requests or not. */
  readonly reprobeMs: number;
  /** The service on this machine began to refuse. Told once, until it listens again. */
  readonly onRefused: (offer: Offer, failure: LocalFailure) => void;
  /** The service listens again. */
  readonly onListening: (offer: Offer) => void;
}

/**
 * Joins each channel that the gateway opens to the service that it is for. The service is dialled first, so
 * that a visitor of a service that does not listen gets the truth and not an empty answer. Knows nothing of
 * connections: channels may come from several.
 */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #unsubscribe: () => void;
  /** By `forwardKey` of the request, as channels name it. */
  #offers: ReadonlyMap<string, Offer>;
  readonly #refusing = new Set<Offer>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#offers = byKey(options.source.offers);
    this.#unsubscribe = options.source.onChange(() => this.#follow());
  }

  /** Stops asking after services that refuse. Channels are still served: connections end by themselves. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    clearTimeout(this.#timer);
  }

  /** Answers a channel open. Never rejects. */
  async serve(opening: ChannelOpening): Promise<void> {
    const offer = this.#offers.get(opening.forward);
    if (offer === undefined) {
      opening.refuse(openFailure.prohibited, 'nothing is offered here under this name');
      return;
    }
    const local = await this.#dial(offer);
    if (local.kind === 'failed') {
      opening.refuse(openFailure.connectFailed, local.problem);
      return;
    }
    const channel = opening.accept();
    if (channel === undefined) local.socket.destroy();
    else await pipeBoth(channel, local.socket);
  }

  /** Tells of services that do not listen before the first visitor finds out. */
  async probe(offers: Iterable<Offer> = this.#offers.values()): Promise<void> {
    await Promise.all(
      Array.from(offers, async (offer) => {
        const local = await this.#dial(offer);
        if (local.kind === 'connected') local.socket.destroy();
      }),
    );
  }

  async #dial(offer: Offer): Promise<LocalConnection> {
    const local = await connectLocal(offer.target, this.#options.connectTimeoutMs);
    if (this.#isOffered(offer)) this.#note(offer, local);
    return local;
  }

  #note(offer: Offer, local: LocalConnection): void {
    if (local.kind === 'connected') {
      if (this.#refusing.delete(offer)) this.#options.onListening(offer);
      return;
    }
    if (!this.#refusing.has(offer)) this.#options.onRefused(offer, local);
    this.#refusing.add(offer);
    this.#reprobeLater();
  }

  #isOffered(offer: Offer): boolean {
    return [...this.#offers.values()].includes(offer);
  }

  #follow(): void {
    const before = new Set(this.#offers.values());
    this.#offers = byKey(this.#options.source.offers);
    for (const offer of before) if (!this.#isOffered(offer)) this.#refusing.delete(offer);
    void this.probe([...this.#offers.values()].filter((offer) => !before.has(offer)));
  }

  #reprobeLater(): void {
    if (this.#closed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.probe([...this.#refusing]);
    }, this.#options.reprobeMs).unref();
  }
}

function byKey(offers: readonly Offer[]): ReadonlyMap<string, Offer> {
  return new Map(offers.map((offer) => [forwardKey(forwardRequest(offer)), offer]));
}
