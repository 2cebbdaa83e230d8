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
  readonly #adminDomain: string | undefined;
  readonly #entries = new Map<string, HostEntry>();

  /** `adminDomain`: another host of the gateway itself, wherever it is. */
  constructor(domain: string, adminDomain?: string) {
    this.#domain = domain;
    this.#adminDomain = adminDomain;
  }

  read(host: string): HostEntry {
    const known = this.#entries.get(host);
    if (known !== undefined) return known;
    const entry = this.#parse(host);
    if (host.length > maxKeptLength) return entry;
    if (this.#entries.size >= maxKept) this.#entries.clear();
    this.#entries.set(host, entry);
    return entry;
  }

  #parse(host: string): HostEntry {
    const isAdminHost = this.#adminDomain !== undefined && matchHost(host, this.#adminDomain).kind === 'apex';
    return isAdminHost ? parseHost(this.#domain, this.#domain) : parseHost(host, this.#domain);
  }
}

function parseHost(host: string, domain: string): HostEntry {
  const match = matchHost(host, domain);
  if (match.kind === 'apex') return { kind: 'apex', route: nowhere, key: '' };
  if (match.kind === 'label') return { kind: 'route', route: match.route, key: routeKey(match.route) };
  if (match.kind === 'bad-label') return { kind: 'route', route: nowhere, key: '' };
  return { kind: 'foreign', route: nowhere, key: '' };
}
