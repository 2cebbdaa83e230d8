import { parseForward, parseOptionWords } from '../../core/forward.ts';
import { type Parsed, problem } from '../../core/parsed.ts';
import { lowerCaseAscii } from '../../core/slug.ts';
import { oneLine } from '../printable.ts';
import { forwardRequest, type Offer, offerName } from '../target.ts';
import type { Container } from './container.ts';
import { readWishes, type Wishes } from './labels.ts';
import { choosePorts, type PortChoice, targetOf } from './ports.ts';
import { select } from './selection.ts';

/** What running containers come to: the services to offer, and why some are not. */
export interface DockerServices {
  readonly offers: readonly Offer[];
  readonly skipped: readonly Skipped[];
}

export interface Skipped {
  /** The container's name. */
  readonly container: string;
  readonly reason: string;
}

export interface OffersOptions {
  /** The compose project whose containers are meant; without one only those that say so. */
  readonly project: string | undefined;
  /** Where published ports are, if the engine is not on this machine. */
  readonly engineHost: string | undefined;
  /** Options for all services, which labels go before. */
  readonly commonWords: readonly string[];
}

interface Place {
  readonly service: string | undefined;
  readonly port: number | undefined;
  /** Inside the container. */
  readonly containerPort: number;
}

const httpsPort = 443;
const httpPort = 80;

/**
 * The services of these containers. Where two claim one name the older has it, so that a newer replica disturbs nobody, and
 * takes over when the older is gone. What one container does wrong is told of it and touches no other.
 */
export function offersOf(containers: readonly Container[], options: OffersOptions): DockerServices {
  const skipped: Skipped[] = [];
  const claims = new Map<string, { readonly holder: Container; readonly offer: Offer }>();
  const byId = (id: string): Container | undefined => containers.find((container) => container.id === id);
  for (const container of [...containers].sort(byClaim)) {
    const skip = (reason: string): unknown =>
      skipped.push({ container: oneLine(container.name), reason: oneLine(reason) });
    const places = placesOf(container, options.project);
    if (places === undefined) continue;
    if (!places.ok) {
      skip(places.problem);
      continue;
    }
    for (const place of places.value.places) {
      const offer = makeOffer(container, place, { ...options, byId, words: places.value.words });
      if (!offer.ok) {
        skip(offer.problem);
        continue;
      }
      const key = claimKey(offer.value);
      const claim = claims.get(key);
      if (claim === undefined) claims.set(key, { holder: container, offer: offer.value });
      else skip(whyClaimed(place, claim.holder, container));
    }
  }
  return { offers: [...claims.values()].map(({ offer }) => offer), skipped };
}

/** The oldest first; those of `docker compose run` have the labels of the service that they are not. */
function byClaim(a: Container, b: Container): number {
  return oneOff(a) - oneOff(b) || a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1);
}

function oneOff({ labels }: Container): 0 | 1 {
  return labels['com.docker.compose.oneoff']?.toLowerCase() === 'true' ? 1 : 0;
}

/** Undefined when the container is nobody's business. */
function placesOf(
  container: Container,
  project: string | undefined,
): Parsed<{ places: readonly Place[]; words: readonly string[] }> | undefined {
  const selection = select(container.labels, project);
  if (selection.kind === 'other') return undefined;
  if (selection.kind === 'unclear') return problem(selection.reason);
  const wishes = readWishes(container);
  if (!wishes.ok) return wishes;
  const ports = choosePorts(container);
  if (!ports.ok) return ports;
  return { ok: true, value: { places: allPlaces(wishes.value, ports.value), words: wishes.value.words } };
}

function allPlaces({ service, isDefault }: Wishes, choice: PortChoice): Place[] {
  const named =
    choice.kind === 'one'
      ? [{ service, port: undefined, containerPort: choice.port }]
      : choice.ports.map((port) => ({ service, port, containerPort: port }));
  if (!isDefault) return named;
  return [{ service: undefined, port: undefined, containerPort: mainPort(choice) }, ...named];
}

function mainPort(choice: PortChoice): number {
  if (choice.kind === 'one') return choice.port;
  return choice.ports.includes(httpPort) ? httpPort : choice.ports[0];
}

function makeOffer(
  container: Container,
  place: Place,
  around: OffersOptions & { words: readonly string[]; byId: (id: string) => Container | undefined },
): Parsed<Offer> {
  const { service } = place;
  if (service !== undefined && !canBeWritten(service))
    return problem(`"${service}" cannot be a service name; give it one with the label porthole.service`);
  const words = wordsFor(place, around);
  const options = parseOptionWords(words);
  if (!options.ok) return options;
  const spec = parseForward(forwardRequest({ service, port: place.port, words }));
  if (!spec.ok) return spec;
  const target = targetOf(container, place.containerPort, around);
  if (!target.ok) return target;
  // The gateway has one spelling for the default port, and so has an offer.
  const { port } = spec.value;
  return { ok: true, value: { service, port, target: target.value, words, options: options.value } };
}

function wordsFor(
  { containerPort }: Place,
  { words, commonWords }: { words: readonly string[]; commonWords: readonly string[] },
): string[] {
  const named = new Set(words.map(wordName));
  const merged = [...words, ...commonWords.filter((word) => !named.has(wordName(word)))];
  const saysScheme = merged.some((word) => wordName(word) === 'scheme');
  return containerPort === httpsPort && !saysScheme ? [...merged, 'scheme=https'] : merged;
}

/** These would end the name in the forward's path, where nothing is escaped. */
function canBeWritten(service: string): boolean {
  return service !== '' && !/[/?#\s\p{Cc}]/u.test(service) && !/^\d+$/.test(service);
}

/** The gateway ignores case in names. */
function claimKey(offer: Offer): string {
  return lowerCaseAscii(offerName(offer));
}

function whyClaimed(place: Place, holder: Container, own: Container): string {
  const name = offerName(place) === '' ? 'the default service' : `service ${offerName(place)}`;
  if (holder === own)
    return `port ${place.containerPort} would have the URL of another of its ports; choose with the label porthole.port`;
  return `${name} is offered by the container ${holder.name}, which goes before`;
}

function wordName(word: string): string {
  return word.split('=', 1)[0] ?? '';
}
