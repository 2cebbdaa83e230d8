import { createHash } from 'node:crypto';
import { base32 } from './base32.ts';
import { lowerCaseAscii, slug } from './slug.ts';

export { isReservedLabel } from './reserved.ts';

/** What one hostname label stands for: a service (and port) of an environment. */
export interface RouteName {
  readonly env: string;
  /** Undefined for the default service. */
  readonly service: string | undefined;
  /** Undefined for the default port. */
  readonly port: number | undefined;
}

/** The longest environment name, in octets; it leaves room in the label for a service and a port. */
export const maxEnvLength = 40;

const maxLabelLength = 63;
const keyIdLength = 12;

/** Whether the text is a valid environment name: `[a-z0-9]` with single inner hyphens, at most 63 octets, not `xn`. */
export function isName(text: string): boolean {
  return text.length <= maxLabelLength && text !== 'xn' && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text);
}

/** Whether the text is a valid service name: a name that cannot be read as a port. */
export function isServiceName(text: string): boolean {
  return isName(text) && !/^\d+$/.test(text);
}

/** Reads `env`, `service--env`, `port--env` or `service--port--env`, in any case; undefined for anything else. */
export function parseLabel(label: string): RouteName | undefined {
  if (label.length > maxLabelLength) return undefined;
  const parts = lowerCaseAscii(label).split('--');
  const env = parts.pop();
  if (env === undefined || !isName(env) || parts.length > 2) return undefined;
  const [first, second] = parts;
  if (first === undefined) return { env, service: undefined, port: undefined };
  if (second === undefined && /^\d+$/.test(first)) return withPort({ env, service: undefined }, first);
  if (!isServiceName(first)) return undefined;
  return second === undefined
    ? { env, service: first, port: undefined }
    : withPort({ env, service: first }, second);
}

function withPort(route: Omit<RouteName, 'port'>, text: string): RouteName | undefined {
  const port = parsePort(text);
  return port === undefined ? undefined : { ...route, port };
}

/** A port from 1 to 65535 without leading zeros; undefined for anything else. */
export function parsePort(text: string): number | undefined {
  if (!/^[1-9]\d{0,4}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}

/** The label of a route of valid names; `parseLabel` gives the same route back. */
export function formatLabel(route: RouteName): string {
  const port = route.port === undefined ? undefined : String(route.port);
  return [route.service, port, route.env].filter((part) => part !== undefined).join('--');
}

/** The environment name for what a user wrote: the same in lower case if that is valid and short enough, else its slug. */
export function envSlug(original: string): string {
  return nameOrSlug(original, maxEnvLength, isName);
}

/** The service name for what a user wrote, such that the whole label fits 63 octets. `env` is at most `maxEnvLength`. */
export function serviceSlug(original: string, env: string, port: number | undefined): string {
  const rest = formatLabel({ env, service: '', port });
  return nameOrSlug(original, maxLabelLength - rest.length, isServiceName);
}

function nameOrSlug(original: string, maxLength: number, isValid: (text: string) => boolean): string {
  const lower = lowerCaseAscii(original);
  return lower.length <= maxLength && isValid(lower) ? lower : slug(original, maxLength);
}

/**
 * The environment name under open admission: always ends in `-` and the key's id, so that it cannot be stolen.
 * A user name that ends so already, because it was copied from a URL, is kept.
 */
export function openEnvName(user: string, keyIdOfUser: string): string {
  const suffix = `-${keyIdOfUser}`;
  const wanted = lowerCaseAscii(user).endsWith(suffix) ? user.slice(0, -suffix.length) : user;
  return nameOrSlug(wanted, maxEnvLength - suffix.length, isName) + suffix;
}

/** The short id of an SSH public key blob: the first 12 base32 characters of its SHA-256. */
export function keyId(publicKeyBlob: Uint8Array): string {
  return base32(createHash('sha256').update(publicKeyBlob).digest()).slice(0, keyIdLength);
}

/** The same, of the key with this fingerprint (`SHA256:...`). */
export function keyIdOfFingerprint(fingerprint: string): string {
  return base32(Buffer.from(fingerprint.slice(fingerprint.indexOf(':') + 1), 'base64')).slice(0, keyIdLength);
}

/** What the `Host` of a request means to a gateway. */
export type HostMatch =
  | { kind: 'apex' }
  | { kind: 'label'; label: string; route: RouteName }
  /** One label below the domain that no route can have. */
  | { kind: 'bad-label'; label: string }
  | { kind: 'foreign' };

/** Matches a host, whatever its case and port and with or without a final dot, against the gateway's domain. */
export function matchHost(host: string, domain: string): HostMatch {
  const name = canonicalHost(host.replace(/:\d{0,5}$/, ''));
  const apex = canonicalHost(domain);
  if (name === apex) return { kind: 'apex' };
  if (!name.endsWith(`.${apex}`)) return { kind: 'foreign' };
  const label = name.slice(0, -apex.length - 1);
  if (label === '' || label.includes('.')) return { kind: 'foreign' };
  const route = parseLabel(label);
  return route === undefined ? { kind: 'bad-label', label } : { kind: 'label', label, route };
}

function canonicalHost(host: string): string {
  return lowerCaseAscii(host).replace(/\.$/, '');
}
