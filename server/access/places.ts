import { formatLabel, parseLabel } from '../../core/names.ts';
import type { EnvironmentView, Resolution } from '../routing/resolution.ts';
import { placeOf } from './place-of.ts';
import type { Place } from './viewer.ts';

/** The places that there are, by the labels of their hosts, as the live registry has them at that moment. */
export interface Places {
  /** Of a label such as `web--pr-42`, also where nothing is; undefined for one that no route can have. */
  placeOf(label: string): Place | undefined;
  /** The labels under which an environment serves HTTP now, the default service first; none for one that is not there. */
  labelsOf(env: string): readonly string[];
}

/** What the places ask of the registry. */
export interface PlaceSource {
  resolve(host: string): Resolution;
  view(env: string): EnvironmentView | undefined;
}

export class RegistryPlaces implements Places {
  readonly #source: PlaceSource;
  readonly #domain: string;

  constructor(source: PlaceSource, { domain }: { readonly domain: string }) {
    this.#source = source;
    this.#domain = domain;
  }

  placeOf(label: string): Place | undefined {
    if (parseLabel(label) === undefined) return undefined;
    const resolution = this.#source.resolve(`${label}.${this.#domain}`);
    return resolution.kind === 'apex' || resolution.kind === 'foreign'
      ? undefined
      : placeOf(resolution, label);
  }

  labelsOf(env: string): readonly string[] {
    const services = this.#source.view(env)?.services ?? [];
    return services
      .map(({ route }) => formatLabel(route))
      .filter((label) => this.#servesHttp(label))
      .toSorted((a, b) => Number(b === env) - Number(a === env));
  }

  /** The machine's SSH server, and other streams of bytes, are for the gate. */
  #servesHttp(label: string): boolean {
    const resolution = this.#source.resolve(`${label}.${this.#domain}`);
    if (resolution.kind !== 'forward') return false;
    const { options, route } = resolution.forward;
    return options.scheme !== 'tcp' && route.service !== 'ssh';
  }
}
