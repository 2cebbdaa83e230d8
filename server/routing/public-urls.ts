import { formatLabel, type RouteName } from '../../core/names.ts';

/** The origin under which visitors reach the gateway. */
export interface PublicOrigin {
  readonly protocol: 'http' | 'https';
  /** The gateway's domain, such as `preview.example.com`. */
  readonly domain: string;
  /** The port that visitors use; the protocol's own is left out of URLs. */
  readonly port: number;
}

/** Computes URLs from routes: only the gateway does, clients ask for them. */
export class PublicUrls {
  readonly #protocol: string;
  readonly #domain: string;
  readonly #port: string;

  constructor({ protocol, domain, port }: PublicOrigin) {
    this.#protocol = protocol;
    this.#domain = domain;
    this.#port = port === (protocol === 'https' ? 443 : 80) ? '' : String(port);
  }

  /** `https://preview.example.com/` */
  get rootUrl(): string {
    return `${this.#protocol}://${this.authorityOf(this.#domain)}/`;
  }

  get baseUrl(): { hostname: string; port: string; protocol: string } {
    return { hostname: this.#domain, port: this.#port, protocol: `${this.#protocol}:` };
  }

  /** `https://web--pr-42.preview.example.com/` */
  urlOf(route: RouteName): string {
    return `${this.#protocol}://${this.authorityOf(`${formatLabel(route)}.${this.#domain}`)}/`;
  }

  /** A host name with the port that visitors use. */
  authorityOf(hostname: string): string {
    return this.#port === '' ? hostname : `${hostname}:${this.#port}`;
  }
}
