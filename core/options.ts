import { isIPv6 } from 'node:net';
import { parsePort } from './names.ts';
import { parseNetworkList } from './networks.ts';
import type { Parsed } from './parsed.ts';
import { problem } from './parsed.ts';
import { quote } from './quote.ts';
import { parseDuration } from './units.ts';

export type Access = 'public' | 'private' | 'team';
export type Scheme = 'http' | 'https' | 'h2c' | 'tcp';

/** What a forward may ask for besides its name. An absent key was not asked for. */
export interface ForwardOptions {
  access?: Access;
  /** The `Host` that the upstream sees: a host, with or without a port, or `keep` for the visitor's own. */
  host?: string;
  /** What the upstream speaks. */
  scheme?: Scheme;
  /** How long the forward lives, from one second to 365 days. */
  ttlMs?: number;
  /** Free data about the service, at most 4 KiB of JSON. */
  meta?: Record<string, unknown>;
  /** Whether all live tunnels of the owner share the requests. */
  balance?: boolean;
  /** The networks from which it may be visited at all, separated by commas; any, if it is not given. */
  from?: string;
  /** `index`: search engines may show it; else they are told not to, unless the service itself says something about it. */
  robots?: 'index' | 'noindex';
}

const minTtlMs = 1000;
const maxTtlMs = 365 * 86_400_000;
const maxMetaBytes = 4096;
const maxHostLength = 253;

type Reader = (value: string) => Parsed<ForwardOptions>;

const readers = new Map<string, Reader>([
  ['access', oneOf('access', ['public', 'private', 'team'], (access) => ({ access }))],
  ['host', readHost],
  ['scheme', oneOf('scheme', ['http', 'https', 'h2c', 'tcp'], (scheme) => ({ scheme }))],
  ['ttl', readTtl],
  ['meta', readMeta],
  ['balance', oneOf('balance', ['true', 'false'], (value) => ({ balance: value === 'true' }))],
  ['from', readFrom],
  ['robots', oneOf('robots', ['index', 'noindex'], (robots) => ({ robots }))],
]);

/** The names of the options; other variables that a client sends are none of ours. */
export const optionNames: readonly string[] = [...readers.keys()];

/** Reads options that are words of their own, as exec and `SetEnv` bring them: `access=public`, `host=localhost`. */
export function parseOptionWords(words: readonly string[]): Parsed<ForwardOptions> {
  const options: ForwardOptions = {};
  const seen = new Set<string>();
  for (const word of words) {
    const read = readWord(word, seen);
    if (!read.ok) return read;
    Object.assign(options, read.value);
  }
  return { ok: true, value: options };
}

function readWord(word: string, seen: Set<string>): Parsed<ForwardOptions> {
  const equals = word.indexOf('=');
  const name = equals === -1 ? word : word.slice(0, equals);
  const reader = readers.get(name);
  if (reader === undefined)
    return problem(`unknown option ${quote(name)}: the options are ${optionNames.join(', ')}`);
  if (equals === -1) return problem(`option ${name} has no value: write ${name}=...`);
  if (seen.has(name)) return problem(`option ${name} is given twice`);
  seen.add(name);
  return reader(word.slice(equals + 1));
}

function oneOf<T extends string>(
  name: string,
  allowed: readonly T[],
  options: (value: T) => ForwardOptions,
): Reader {
  return (value) => {
    const found = allowed.find((candidate) => candidate === value);
    if (found !== undefined) return { ok: true, value: options(found) };
    return problem(`option ${name}: ${quote(value)} is not one of ${allowed.join(', ')}`);
  };
}

function readHost(value: string): Parsed<ForwardOptions> {
  if (isHost(value)) return { ok: true, value: { host: value } };
  return problem(
    `option host: ${quote(value)} is not a host such as localhost, app.test:3000 or [::1]:3000, nor keep`,
  );
}

function isHost(value: string): boolean {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(value);
  if (match === null) return false;
  const [, address, name, port] = match;
  if (port !== undefined && parsePort(port) === undefined) return false;
  if (address !== undefined) return isIPv6(address) && !address.includes('%');
  return name !== undefined && name.length <= maxHostLength && hostName.test(name);
}

// An underscore is no hostname by RFC 1123, but Docker Compose makes such names.
const hostName = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;

function readTtl(value: string): Parsed<ForwardOptions> {
  const ttlMs = parseDuration(value);
  if (ttlMs !== undefined && ttlMs >= minTtlMs && ttlMs <= maxTtlMs) return { ok: true, value: { ttlMs } };
  return problem(`option ttl: ${quote(value)} is not a duration from 1s to 365d, such as 30m, 2h or 7d`);
}

function readFrom(value: string): Parsed<ForwardOptions> {
  const networks = parseNetworkList(value);
  return networks.ok
    ? { ok: true, value: { from: networks.value } }
    : problem(`option from: ${networks.problem}`);
}

function readMeta(value: string): Parsed<ForwardOptions> {
  const meta = decodeMeta(value);
  if (meta !== undefined) return { ok: true, value: { meta } };
  return problem(`option meta: ${quote(value)} is not a JSON object of at most 4 KiB in base64url`);
}

function decodeMeta(value: string): Record<string, unknown> | undefined {
  const bytes = /^[\w-]+={0,2}$/.test(value) ? Buffer.from(value, 'base64url') : undefined;
  if (bytes === undefined || bytes.length > maxMetaBytes) return undefined;
  try {
    const meta: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isObject(meta) ? meta : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
