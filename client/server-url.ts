import { isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import type { Parsed } from '../core/forward.ts';
import { parsePort } from '../core/names.ts';

/** Where the gateway listens, and what carries SSH there: TLS (with ALPN `ssh`) or bare TCP. */
export interface ServerAddress {
  readonly transport: 'tls' | 'tcp';
  readonly host: string;
  readonly port: number;
}

export const defaultServer = 'https://localhost:8443';

const schemes = {
  https: { transport: 'tls', port: 443 },
  tls: { transport: 'tls', port: 443 },
  ssh: { transport: 'tcp', port: 22 },
} as const;

const forms = 'https://HOST[:PORT], ssh://HOST[:PORT] or HOST[:PORT]';
const shape = /^(?:([a-z0-9+.-]+):\/\/)?(?:\[([^\]]*)\]|([^:/?#@[\]\s]+))(?::([^/?#]*))?\/?$/i;

/** Reads `--server`: `https://host[:port]`, `tls://...`, `ssh://...`, or `host[:port]`, which means https. */
export function parseServer(text: string): Parsed<ServerAddress> {
  const match = shape.exec(text.trim());
  if (match === null) return bad(text, `a server is ${forms}`);
  const [, scheme = 'https', ipv6, name, portText] = match;
  const kind = knownScheme(scheme.toLowerCase());
  if (kind === undefined) return bad(text, `the scheme is https, tls or ssh`);
  const host = ipv6 === undefined ? domainName(name ?? '') : isIPv6(ipv6) ? ipv6 : undefined;
  if (host === undefined) return bad(text, 'that is no host name');
  const port = portText === undefined ? kind.port : parsePort(portText);
  if (port === undefined) return bad(text, 'a port is a number from 1 to 65535');
  return { ok: true, value: { transport: kind.transport, host, port } };
}

/** The one spelling that `parseServer` reads back to the same address. */
export function formatServer(address: ServerAddress): string {
  return `${address.transport === 'tls' ? 'https' : 'ssh'}://${formatHostPort(address.host, address.port)}`;
}

export function formatHostPort(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function knownScheme(scheme: string): (typeof schemes)[keyof typeof schemes] | undefined {
  return Object.hasOwn(schemes, scheme) ? schemes[scheme as keyof typeof schemes] : undefined;
}

function domainName(name: string): string | undefined {
  const ascii = domainToASCII(name);
  return /^[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_.])?$/.test(ascii) ? ascii : undefined;
}

function bad(text: string, problem: string): Parsed<never> {
  return { ok: false, problem: `server ${JSON.stringify(text)}: ${problem}` };
}
