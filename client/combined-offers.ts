import type { OfferSource } from './offer-source.ts';
import { offerName } from './target.ts';

/** Two sources as one. Where both have the same service and port, the first counts. */
export function combinedOffers(first: OfferSource, second: OfferSource): OfferSource {
  return {
    get offers() {
      const taken = new Set(first.offers.map(offerName));
      return [...first.offers, ...second.offers.filter((offer) => !taken.has(offerName(offer)))];
    },
    onChange: (listener) => {
      const stops = [first.onChange(listener), second.onChange(listener)];
      return () => stops.forEach((stop) => stop());
    },
    close: () => {
      first.close();
      second.close();
    },
  };
}
