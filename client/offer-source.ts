import type { Offer } from './target.ts';

/**
 * What this machine offers at the moment. Offers that stay are the same objects after a change; two for one service and
 * port never stand beside each other.
 */
export interface OfferSource {
  readonly offers: readonly Offer[];
  /** Calls the listener after each change of `offers`; the result stops that. */
  onChange(listener: () => void): () => void;
  close(): void;
}

/** Offers that never change: those of the command line and of the configuration file. */
export function fixedOffers(offers: readonly Offer[]): OfferSource {
  return { offers, onChange: () => () => undefined, close: () => undefined };
}
