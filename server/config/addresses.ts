import { isIP, isIPv4, isIPv6 } from 'node:net';
import { problem, type Parsed } from '../../core/parsed.ts';
import { quote } from '../../core/quote.ts';
import { formatListenAddress } from '../../tls/listener.ts';
import { networkProblem } from '../../tls/networks.ts';
import { kind, yes, type Kind } from './kinds.ts';

/** Where to listen. The host is an IP address or a name, never empty; port 0 is any free port. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** The gateway as the outside sees it, where a port mapping or a proxy stands in front. */
export interface PublicUrl {
  readonly protocol: 'http' | 'https';
  readonly hostname: string;
  readonly port: number;
}

/** `HOST:PORT`; an empty host or `*` is every IPv4 address; IPv6 stands in brackets. */
export const listenAddress: Kind<ListenAddress> = kind('HOST:PORT', parseListenAddress, formatListenAddress);

/** A domain name under which the labels of previews fit (RFC 1035: 253 octets in all, a label has 63). */
export const domainName: Kind<string> = kind('NAME', parseDomainName, String);

/** A network in CIDR form, or one address; its text. */
export const network: Kind<string> = kind(
  'CIDR',
  (text) => {
    const wrong = networkProblem(text);
    return wrong === undefined ? yes(text) : problem(wrong);
  },
  String,
);

export const publicUrl: Kind<PublicUrl> = kind('URL', parsePublicUrl, printPublicUrl);

const maxDomainLength = 253 - 64;
const hostLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

function parseListenAddress(text: string): Parsed<ListenAddress> {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text);
  if (match === null) return problem(`${quote(text)} is not HOST:PORT, such as 0.0.0.0:8443 or [::1]:8443`);
  const [, ipv6, name = '', portText] = match;
  const port = Number(portText);
  if (port > 65_535) return problem(`${quote(text)} has no port from 0 to 65535`);
  const host = ipv6 ?? (name === '' || name === '*' ? '0.0.0.0' : name.toLowerCase());
  const isHost = ipv6 === undefined ? isIPv4(host) || isHostName(host) : isIPv6(ipv6);
  return isHost
    ? yes({ host, port })
    : problem(`${quote(text)} has no IP address or host name before its port`);
}

function isHostName(name: string): boolean {
  const labels = name.split('.');
  const looksNumeric = /^\d+$/.test(labels.at(-1) ?? '');
  return name.length <= 253 && !looksNumeric && labels.every((label) => hostLabel.test(label));
}

function parseDomainName(text: string): Parsed<string> {
  const name = text.toLowerCase().replace(/\.$/, '');
  if (name.startsWith('*.'))
    return problem(`${quote(text)} is a wildcard; name the domain itself: ${quote(name.slice(2))}`);
  if (isIP(name) !== 0) return problem(`${quote(text)} is an IP address; names cannot be made below it`);
  if (!isHostName(name)) {
    return problem(
      `${quote(text)} is not a domain name such as preview.example.com (others in their xn-- form)`,
    );
  }
  if (name.length > maxDomainLength) return problem(`is longer than ${maxDomainLength} characters`);
  return yes(name);
}

function parsePublicUrl(text: string): Parsed<PublicUrl> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return problem('is not a URL such as https://preview.example.com');
  }
  if (url.username !== '' || url.password !== '')
    return problem('has a user or password in it; leave that out');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return problem('has more than scheme, host and port; leave the rest out');
  }
  const protocol = url.protocol === 'https:' ? 'https' : 'http';
  return yes({ protocol, hostname: url.hostname, port: Number(url.port || defaultPorts[protocol]) });
}

const defaultPorts = { https: 443, http: 80 } as const;

function printPublicUrl({ protocol, hostname, port }: PublicUrl): string {
  return `${protocol}://${hostname}${port === defaultPorts[protocol] ? '' : `:${port}`}`;
}

/** `https://app.example.com`: an origin as browsers write it (RFC 6454, 6.1). */
export const webOrigin: Kind<string> = kind(
  'ORIGIN',
  (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
    return isWeb && url.origin === text.toLowerCase().replace(/\/$/, '')
      ? yes(url.origin)
      : problem(`${quote(text)} is not an origin such as https://app.example.com`);
  },
  String,
);
