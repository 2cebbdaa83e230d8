import { forwardKey } from '../core/forward.ts';
import { pipeBoth } from '../core/pipe.ts';
import { type ChannelOpening, openFailure } from './channel-table.ts';
import { connectLocal, type LocalConnection } from './local-socket.ts';
import { forwardRequest, type Offer } from './target.ts';

export type LocalFailure = Extract<LocalConnection, { kind: 'failed' }>;

export interface ForwarderOptions {
  readonly offers: readonly Offer[];
  readonly connectTimeoutMs: number;
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
  readonly #offers: ReadonlyMap<string, Offer>;
  readonly #refusing = new Set<Offer>();

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#offers = new Map(options.offers.map((offer) => [forwardKey(forwardRequest(offer)), offer]));
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
  async probe(): Promise<void> {
    await Promise.all(
      this.#options.offers.map(async (offer) => {
        const local = await this.#dial(offer);
        if (local.kind === 'connected') local.socket.destroy();
      }),
    );
  }

  async #dial(offer: Offer): Promise<LocalConnection> {
    const local = await connectLocal(offer.target, this.#options.connectTimeoutMs);
    if (local.kind === 'failed') {
      if (!this.#refusing.has(offer)) this.#options.onRefused(offer, local);
      this.#refusing.add(offer);
    } else if (this.#refusing.delete(offer)) {
      this.#options.onListening(offer);
    }
    return local;
  }
}
