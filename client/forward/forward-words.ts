import { isIP } from 'node:net';
import { isServiceName, parsePort } from '../../core/names.ts';
import { problem, type Parsed } from '../../core/parsed.ts';
import { quote } from '../../core/quote.ts';
import type { SshConfigEnvironment } from '../../core/ssh-config-facts.ts';
import { lowerCaseAscii } from '../../core/slug.ts';
import { didYouMean } from '../../core/suggest.ts';

/** Which service of an environment is meant. */
export interface ServiceWords {
  /** Undefined for the default service. */
  readonly service: string | undefined;
  /** Undefined where the environment says it. */
  readonly port: number | undefined;
}

/** Where to listen on this machine. */
export interface LocalAddress {
  readonly host: string;
  /** Undefined for the service's own, if it is free. */
  readonly port: number | undefined;
}

/** What the default service is called where one has to write something. */
const defaultService = 'default';
const sshPort = 22;
/** Where a service names no port, this one means it. */
const anyPort = 80;

/** Reads `SERVICE`, `SERVICE:PORT`, `:PORT` and `PORT`, of which the last two mean the default service. */
export function parseServiceWords(text: string): Parsed<ServiceWords> {
  const [, name = '', portText] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? [];
  const alone = portText === undefined ? parsePort(name) : undefined;
  if (alone !== undefined) return { ok: true, value: { service: undefined, port: alone } };
  const port = portText === undefined ? undefined : parsePort(portText);
  if (portText !== undefined && port === undefined)
    return problem(`${quote(portText)} is no port: a number from 1 to 65535`);
  const service = lowerCaseAscii(name);
  if (service === '' && port !== undefined) return { ok: true, value: { service: undefined, port } };
  if (!isServiceName(service))
    return problem(`${quote(text)} is no service: SERVICE, SERVICE:PORT, or :PORT of the default one`);
  return { ok: true, value: { service, port } };
}

/** Reads `--local`: `PORT`, `HOST:PORT` or `[HOST]:PORT`; 0 is any port. */
export function parseLocalAddress(text: string): Parsed<LocalAddress> {
  const [, ipv6, name, portText = ''] = /^(?:(?:\[([^\]]*)\]|([^:[\]]+)):)?(\d+)$/.exec(text) ?? [];
  const port = portText === '0' ? 0 : parsePort(portText);
  const host = ipv6 ?? name ?? '127.0.0.1';
  const isHost = ipv6 === undefined ? /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(host) : isIP(ipv6) === 6;
  if (port === undefined || !isHost) return problem(`${quote(text)} is no place to listen: [HOST:]PORT`);
  return { ok: true, value: { host, port } };
}

/** What the gate is to be asked for. */
export interface RemoteAddress {
  readonly host: string;
  readonly port: number;
  /** What somebody would expect to find it on here, too; undefined where any port is as good. */
  readonly likelyLocalPort: number | undefined;
}

/** The address at the gate of what is meant; a port that was not given is the one that the service has. */
export function remoteAddress(
  { service: wanted, port: wantedPort }: ServiceWords,
  { env, services }: SshConfigEnvironment,
): Parsed<RemoteAddress> {
  const isNamed = services.some(({ service }) => service === wanted);
  const service = wanted === defaultService && !isNamed ? undefined : wanted;
  const host = service === undefined ? env : `${service}.${env}`;
  if (wantedPort !== undefined)
    return { ok: true, value: { host, port: wantedPort, likelyLocalPort: wantedPort } };
  const offered = services.filter((each) => each.service === service);
  const ports = [...new Set(offered.map(({ port }) => port))];
  const [only] = ports;
  if (ports.length > 1) {
    const all = offered.map((each) => nameOf(each)).join(', ');
    return problem(`${env} offers that service on several ports: say which, one of ${all}`);
  }
  if (ports.length === 0) return problem(notOffered(wanted ?? defaultService, { env, services }));
  const port = only ?? (service === 'ssh' ? sshPort : anyPort);
  return { ok: true, value: { host, port, likelyLocalPort: only } };
}

function notOffered(wanted: string, { env, services }: SshConfigEnvironment): string {
  if (services.length === 0) return `${env} offers nothing now that you may reach`;
  const names = services.map(nameOf);
  const known = services.map(({ service }) => service ?? defaultService);
  return `${env} offers no ${quote(wanted)}${didYouMean(wanted, known)}; it offers ${names.join(', ')}`;
}

function nameOf({ service = defaultService, port }: SshConfigEnvironment['services'][number]): string {
  return port === undefined ? service : `${service}:${String(port)}`;
}
