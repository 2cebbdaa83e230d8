import { matchHost, type RouteName } from '../../core/names.ts';
import { routeKey } from './answers.ts';

/** What a `Host` stands for. */
export interface HostEntry {
  readonly kind: 'apex' | 'foreign' | 'route';
  /** Of a label that no route can have, the environment is empty. */
  readonly route: RouteName;
  readonly key: string;
}

const maxKept = 10_000;
/** A DNS name with a port; longer ones are answered, but not kept. */
const maxKeptLength = 300;
const nowhere: RouteName = { env: '', service: undefined, port: undefined };

/** Reads the hosts of requests, each once: they come again and again. */
export class HostTable {
  readonly #domain: string;
  readonly #entries = new Map<string, HostEntry>();

  constructor(domain: string) {
    this.#domain = domain;
  }

  read(host: string): HostEntry {
    const known = this.#entries.get(host);
    if (known !== undefined) return known;
    const entry = parseHost(host, this.#domain);
    if (host.length > maxKeptLength) return entry;
    if (this.#entries.size >= maxKept) this.#entries.clear();
    this.#entries.set(host, entry);
    return entry;
  }
}

function parseHost(host: string, domain: string): HostEntry {
  const match = matchHost(host, domain);
  if (match.kind === 'apex') return { kind: 'apex', route: nowhere, key: '' };
  if (match.kind === 'label') return { kind: 'route', route: match.route, key: routeKey(match.route) };
  if (match.kind === 'bad-label') return { kind: 'route', route: nowhere, key: '' };
  return { kind: 'foreign', route: nowhere, key: '' };
}
