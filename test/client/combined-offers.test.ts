import t from 'tap';
import { combinedOffers } from '../../client/combined-offers.ts';
import { fixedOffers, type OfferSource } from '../../client/offer-source.ts';
import { offerName, parseOffers } from '../../client/target.ts';

t.test('what the command line says goes before what is found', async (t) => {
  const [listeners, closed] = [new Set<() => void>(), [] as string[]];
  const found: OfferSource = {
    offers: offers('web=2', 'api=2'),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => void closed.push('found'),
  };
  const both = combinedOffers(fixedOffers(offers('web=1', '3000')), found);
  t.same(both.offers.map(offerName), ['web', '', 'api']);
  t.match(both.offers[0]?.target, { port: 1 });
  let changes = 0;
  const stop = both.onChange(() => void (changes += 1));
  for (const listener of listeners) listener();
  t.equal(changes, 1);
  stop();
  t.equal(listeners.size, 0);
  both.close();
  t.same(closed, ['found']);
});

function offers(...texts: string[]): OfferSource['offers'] {
  const parsed = parseOffers(texts);
  return parsed.ok ? parsed.value : [];
}
