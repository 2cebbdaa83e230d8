import { isIP } from 'node:net';
import type { ForwardRequest } from './forward.ts';
import { problem, type Parsed } from './parsed.ts';
import { quote } from './quote.ts';
import { isReservedLabel } from './reserved.ts';
import { lowerCaseAscii } from './slug.ts';

/** What somebody who comes in by the gate wants to be connected to: a service of a machine, by the machine's name. */
export interface GateAddress {
  /** Of an environment or of a target, or the UUID of a target; as it was written, not yet a slug. */
  readonly name: string;
  /** As it was written; undefined for the default service. */
  readonly service: string | undefined;
  readonly port: number;
}

const maxHostBytes = 255;
const sshPort = 22;
const forms = 'the gate leads to NAME:22, SERVICE.NAME:PORT and NAME:PORT of machines that dial in';

/**
 * Reads the host and port of a `direct-tcpip` channel open (RFC 4254, 7.2): `NAME:22`, `SERVICE.NAME:PORT` or `NAME:PORT`, also with the gateway's
 * domain behind it. The gate dials nothing, so an address of any other kind means nothing here.
 */
export function parseGateAddress(
  host: string,
  port: number,
  { domain }: { readonly domain: string },
): Parsed<GateAddress> {
  const wrong = hostProblem(host);
  if (wrong !== undefined) return problem(`${quote(host)} ${wrong}: ${forms}`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    return problem(`${String(port)} is not a port: ${forms}`);
  const labels = ownPart(host, domain).split('.');
  const [first = '', second] = labels;
  if (labels.length > 2 || labels.includes('')) return problem(`${quote(host)} is nothing here: ${forms}`);
  if (second === undefined && isReservedLabel(first))
    return problem(`${quote(host)} is the gateway's own: ${forms}`);
  const value =
    second === undefined
      ? { name: first, service: port === sshPort ? 'ssh' : undefined, port }
      : { name: second, service: first, port };
  return { ok: true, value };
}

/** One forward of a machine, as an address may mean it. */
export interface OfferedService {
  readonly route: { readonly service: string | undefined; readonly port: number | undefined };
  readonly request: ForwardRequest;
}

/**
 * Whether the address means this forward of its machine; `service` is how the address's is spelt there. `exactly`, if the forward has just that port;
 * `loosely`, if it has none and the port is what its kind would leave out, or it was asked for in the form that names no port.
 */
export function meansForward(
  { port }: Pick<GateAddress, 'port'>,
  service: string | undefined,
  { route, request }: OfferedService,
): 'exactly' | 'loosely' | undefined {
  if (route.service !== service) return undefined;
  if (route.port !== undefined) return route.port === port ? 'exactly' : undefined;
  const isLeftOut = port === 80 || port === 443 || (service === 'ssh' && port === sshPort);
  const isWithoutPort = service !== undefined && request.kind === 'streamlocal';
  return isLeftOut || isWithoutPort ? 'loosely' : undefined;
}

function hostProblem(host: string): string | undefined {
  if (Buffer.byteLength(host) > maxHostBytes) return 'is too long';
  if (host === '') return 'is no name';
  if (/[\p{Cc}\p{Cf}\s]/u.test(host)) return 'has characters in it that no name has';
  return isAddress(host) ? 'is an address, not a machine' : undefined;
}

/** IPv6, and IPv4 as inet_aton reads it, in up to four parts that are decimal, octal or hexadecimal. A number alone may be an environment's name. */
function isAddress(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  return (
    isIP(bare) !== 0 || bare.includes(':') || /^(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))+$/i.test(bare)
  );
}

/** Without the dot at the end of a complete name, and without the gateway's domain. */
function ownPart(host: string, domain: string): string {
  const whole = host.replace(/\.$/, '');
  const suffix = `.${lowerCaseAscii(domain)}`;
  return lowerCaseAscii(whole).endsWith(suffix) ? whole.slice(0, -suffix.length) : whole;
}
