import { lookup as lookupInDns } from 'node:dns';
import type { LookupFunction } from 'node:net';

const loopback = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/** Names below `localhost` are this machine (RFC 6761, 6.3), as browsers and curl know; few systems' resolvers do. */
export function isBelowLocalhost(host: string): boolean {
  return /(?:^|\.)localhost\.?$/i.test(host);
}

/** The system's resolver, but for names below `localhost`. */
export const lookup: LookupFunction = (host, options, callback) => {
  if (!isBelowLocalhost(host)) {
    lookupInDns(host, options, callback);
    return;
  }
  const family = Number(options.family ?? 0);
  const fitting = loopback.filter((address) => family === 0 || address.family === family);
  const [first] = fitting;
  if (options.all === true) callback(null, fitting);
  else callback(null, first?.address ?? '', first?.family);
};
