import { parsePort } from './names.ts';
import type { ForwardOptions } from './options.ts';
import { parseOptionWords } from './options.ts';
import type { Parsed } from './parsed.ts';
import { problem } from './parsed.ts';
import { quote } from './quote.ts';
import { lowerCaseAscii } from './slug.ts';

export type { Access, ForwardOptions, Scheme } from './options.ts';
export { optionNames, parseOptionWords } from './options.ts';
export type { Parsed } from './parsed.ts';

/** What the client asked for, as sent: `tcpip-forward` (RFC 4254, 7.1) or `streamlocal-forward@openssh.com` (PROTOCOL, 2.4). */
export type ForwardRequest =
  { kind: 'tcpip'; bindAddr: string; bindPort: number } | { kind: 'streamlocal'; socketPath: string };

/** What a forward request means. For the service `ssh` without a scheme, the consumer takes `tcp`. */
export interface ForwardSpec {
  /** As the user wrote it, not yet a slug; undefined for the default service. */
  service: string | undefined;
  /** Undefined for the default port. */
  port: number | undefined;
  options: ForwardOptions;
  /** Options of Preevy's clients that this gateway accepts and does nothing for. */
  ignored?: readonly string[];
}

const maxServiceBytes = 255;
const maxPathBytes = 8192;

/** Addresses that say where to listen, not which service it is. */
const listenAddresses = new Set(['', '*', 'localhost', '127.0.0.1', '::1', '0.0.0.0', '::']);

/** Reads a forward request; never throws. */
export function parseForward(request: ForwardRequest): Parsed<ForwardSpec> {
  return request.kind === 'tcpip'
    ? parseTcpip(request.bindAddr, request.bindPort)
    : parsePath(request.socketPath);
}

/** The request as sent, in one string: the socket path, or the bind address and port. One tunnel has each at most once. */
export function forwardKey(request: ForwardRequest): string {
  return request.kind === 'tcpip' ? `${request.bindAddr}:${String(request.bindPort)}` : request.socketPath;
}

function parseTcpip(bindAddr: string, bindPort: number): Parsed<ForwardSpec> {
  if (!Number.isInteger(bindPort) || bindPort < 0 || bindPort > 65_535) {
    return problem(`${String(bindPort)} is not a port: use 1 to 65535, or 0 for the default`);
  }
  const service = listenAddresses.has(lowerCaseAscii(bindAddr)) ? undefined : bindAddr;
  const wrong = service === undefined ? undefined : (bindAddrProblem(service) ?? serviceProblem(service));
  if (wrong !== undefined) return problem(wrong);
  return { ok: true, value: { service, port: meaningfulPort(service, bindPort), options: {} } };
}

/** A bind address takes no options; one that was meant to be private must not be served without a word. */
function bindAddrProblem(service: string): string | undefined {
  if (service.startsWith('/')) {
    return `${quote(service)}: the form with a slash takes no listen port of its own: use -R /web:localhost:3000`;
  }
  if (/[?#][^=]*=/.test(service)) {
    return `${quote(service)}: options need the form with a slash: use -R '/web?access=public:localhost:3000'`;
  }
  return undefined;
}

function parsePath(path: string): Parsed<ForwardSpec> {
  if (Buffer.byteLength(path) > maxPathBytes)
    return problem(`the socket path is longer than ${String(maxPathBytes)} bytes`);
  const [, target = '', query = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(path) ?? [];
  const named = parseTarget(target);
  if (!named.ok) return named;
  const fragmentWords = splitWords(fragment, ';');
  const ignored = fragmentWords.filter(isPreevyOnly);
  const words = decodeWords([
    ...splitWords(query, '&'),
    ...fragmentWords.filter((word) => !isPreevyOnly(word)),
  ]);
  if (!words.ok) return words;
  const options = parseOptionWords(words.value);
  if (!options.ok) return options;
  const spec = { ...named.value, options: options.value };
  return { ok: true, value: ignored.length === 0 ? spec : { ...spec, ignored: ignored.map(nameOf) } };
}

/** `/`, `/port`, `/service` or `/service/port`. */
function parseTarget(target: string): Parsed<Pick<ForwardSpec, 'service' | 'port'>> {
  if (!target.startsWith('/'))
    return problem(`${quote(target)} does not begin with a slash: use /web or /web/8080`);
  if (target === '/') return { ok: true, value: { service: undefined, port: undefined } };
  const [first = '', second, ...more] = target.slice(1).split('/');
  if (more.length > 0) return problem(`${quote(target)} has too many parts: use /web or /web/8080`);
  if (second === undefined && /^\d+$/.test(first)) return withPort(undefined, first);
  const wrong = serviceProblem(first);
  if (wrong !== undefined) return problem(wrong);
  return second === undefined
    ? { ok: true, value: { service: first, port: undefined } }
    : withPort(first, second);
}

function withPort(service: string | undefined, text: string): Parsed<Pick<ForwardSpec, 'service' | 'port'>> {
  const port = text === '0' ? 0 : parsePort(text);
  if (port === undefined) return problem(`${quote(text)} is not a port: use 1 to 65535, as in /web/8080`);
  return { ok: true, value: { service, port: meaningfulPort(service, port) } };
}

/** `-R` always has a port; those that a URL or ssh would leave out are the default one. */
function meaningfulPort(service: string | undefined, port: number): number | undefined {
  const isSsh = service !== undefined && lowerCaseAscii(service) === 'ssh';
  const isDefault = port === 0 || port === 80 || port === 443 || (isSsh && port === 22);
  return isDefault ? undefined : port;
}

function serviceProblem(service: string): string | undefined {
  if (service === '') return 'the service name is empty: use /web or /web/8080';
  if (Buffer.byteLength(service) > maxServiceBytes)
    return `the service name is longer than ${String(maxServiceBytes)} bytes`;
  if (/\p{Cc}/u.test(service)) return `the service name ${quote(service)} has control characters in it`;
  return undefined;
}

function splitWords(text: string, separator: string): string[] {
  return text.split(separator).filter((word) => word !== '');
}

/** Preevy's clients send `inject` for script injection; the forward serves without it. */
function isPreevyOnly(word: string): boolean {
  return nameOf(word) === 'inject';
}

function nameOf(word: string): string {
  return word.split('=', 1)[0] ?? '';
}

function decodeWords(words: readonly string[]): Parsed<string[]> {
  try {
    return { ok: true, value: words.map((word) => decodeURIComponent(word)) };
  } catch {
    return problem('an option has a % that is not followed by two hexadecimal digits of UTF-8');
  }
}
