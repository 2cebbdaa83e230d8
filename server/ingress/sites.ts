import { formatLabel } from '../../core/names.ts';
import type { RouteName } from '../../core/names.ts';
import { remembering } from '../../core/remembering.ts';
import type { PublicAddress } from './dependencies.ts';

/** The host of an authority, in lower case, without its port and a final dot. */
export const hostnameOf = remembering(
  (authority: string): string => authority.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase(),
  { maxTexts: 10_000, maxLength: 300 },
);

/** `https://host[:port]` for a host of the gateway, without the port where it goes without saying. */
export function originOf(hostname: string, { protocol, port }: PublicAddress): string {
  const implied = protocol === 'https' ? 443 : 80;
  return `${protocol}://${hostname}${port === implied ? '' : `:${port}`}`;
}

export function routeHostname(route: RouteName, domain: string): string {
  return `${formatLabel(route)}.${domain}`;
}

/** An address for a `Location`: what a URL may not hold as it is (RFC 3986, 2) is percent-encoded, byte for byte. */
export function locationOf(origin: string, path: string): string {
  const encoded = path.replace(
    /[^\x21-\x7e]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  );
  return origin + encoded;
}
