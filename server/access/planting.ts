import { maxChain } from './hand-over.ts';
import { maxPlanted } from './host-cookie.ts';
import type { Held } from './host-cookie.ts';
import { passOpens } from './opens.ts';
import type { PassSources } from './opens.ts';
import type { Places } from './places.ts';
import { visitorAllowed } from './visitor-networks.ts';

export interface PlantingContext extends PassSources {
  readonly places: Places;
  readonly address: string;
  readonly nowMs: number;
}

/**
 * The other hosts of an environment that a browser is to be led through, so that the pages of one may call the others: those that serve HTTP now,
 * that its pass opens and that it was not led through before, each once in the life of a cookie.
 */
export function hostsToPlant(
  { pass, planted }: Pick<Held, 'pass' | 'planted'>,
  here: { readonly env: string; readonly label: string },
  context: PlantingContext,
): readonly string[] {
  const room = Math.min(maxChain, maxPlanted - planted.length);
  if (room <= 0) return [];
  return context.places
    .labelsOf(here.env)
    .filter((label) => label !== here.label && !planted.includes(label) && needsOne(label))
    .slice(0, room);

  function needsOne(label: string): boolean {
    const place = context.places.placeOf(label);
    if (place === undefined || place.access === 'public') return false;
    return visitorAllowed(place.from, context.address) && passOpens(pass, place, context.nowMs, context);
  }
}
