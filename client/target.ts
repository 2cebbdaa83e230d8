import { isIPv6 } from 'node:net';
import {
  type ForwardOptions,
  type ForwardRequest,
  type Parsed,
  parseForward,
  parseOptionWords,
} from '../core/forward.ts';
import { parsePort } from '../core/names.ts';
import { quote } from '../core/quote.ts';
import { formatHostPort } from './server-url.ts';

/** Where a service listens on this machine. Several hosts are tried in order. */
export type LocalTarget =
  | { readonly kind: 'tcp'; readonly hosts: readonly [string, ...string[]]; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** One `[SERVICE[:PORT]=]TARGET[?OPTIONS]` of the command line. */
export interface Offer {
  /** As written; undefined for the default service. */
  readonly service: string | undefined;
  readonly port: number | undefined;
  readonly target: LocalTarget;
  /** `name=value`, each name at most once. */
  readonly words: readonly string[];
  readonly options: ForwardOptions;
}

const forms = '3000, HOST:3000, [::1]:3000 or unix:/PATH, with SERVICE= or SERVICE:PORT= before it';

/** Reads an offer. `common` are option words for all offers; the offer's own go before them. */
export function parseOffer(text: string, common: readonly string[] = []): Parsed<Offer> {
  const { name, address, query } = split(text);
  const place = parsePlace(name);
  if (!place.ok) return bad(text, place.problem);
  const target = parseLocalTarget(address);
  if (!target.ok) return bad(text, target.problem);
  const words = mergeWords(query === '' ? [] : query.split('&'), common);
  const options = parseOptionWords(words);
  if (!options.ok) return bad(text, options.problem);
  return { ok: true, value: { ...place.value, target: target.value, words, options: options.value } };
}

/** Reads all offers of a command line; two for the same service and port are a mistake. */
export function parseOffers(texts: readonly string[], common: readonly string[] = []): Parsed<Offer[]> {
  const offers: Offer[] = [];
  const seen = new Set<string>();
  for (const text of texts) {
    const offer = parseOffer(text, common);
    if (!offer.ok) return offer;
    const name = offerName(offer.value);
    if (seen.has(name))
      return bad(
        text,
        name === ''
          ? 'there is another default service; name it: SERVICE=TARGET'
          : `${name} is offered twice`,
      );
    seen.add(name);
    offers.push(offer.value);
  }
  return { ok: true, value: offers };
}

/** The offer with option words for all; what it says itself goes before. */
export function withCommonWords(offer: Offer, common: readonly string[]): Parsed<Offer> {
  const words = mergeWords(offer.words, common);
  const options = parseOptionWords(words);
  return options.ok ? { ok: true, value: { ...offer, words, options: options.value } } : options;
}

/**
 * The forward that asks for an offer: always the socket form, which takes options and has no limit of length
 * here.
 */
export function forwardRequest(offer: Pick<Offer, 'service' | 'port' | 'words'>): ForwardRequest {
  const parts = [offer.service, offer.port].filter((part) => part !== undefined);
  const query = offer.words.length === 0 ? '' : `?${offer.words.map(encodeWord).join('&')}`;
  return { kind: 'streamlocal', socketPath: `/${parts.join('/')}${query}` };
}

/** `web`, `web:8080`, `8080`, or empty for the default service. */
export function offerName(offer: Pick<Offer, 'service' | 'port'>): string {
  return [offer.service, offer.port].filter((part) => part !== undefined).join(':');
}

/** Whether it has a URL: what speaks no HTTP, such as the machine's SSH server, is reached by the gate only. */
export function isVisited({ service, options }: Pick<Offer, 'service' | 'options'>): boolean {
  return options.scheme !== 'tcp' && service?.toLowerCase() !== 'ssh';
}

export function formatTarget(target: LocalTarget): string {
  return target.kind === 'unix' ? `unix:${target.path}` : formatHostPort(target.hosts[0], target.port);
}

function split(text: string): { name: string | undefined; address: string; query: string } {
  const mark = text.indexOf('?');
  const head = mark < 0 ? text : text.slice(0, mark);
  const query = mark < 0 ? '' : text.slice(mark + 1);
  const equals = head.startsWith('unix:/') ? -1 : head.indexOf('=');
  if (equals < 0) return { name: undefined, address: head, query };
  return { name: head.slice(0, equals), address: head.slice(equals + 1), query };
}

function parsePlace(name: string | undefined): Parsed<Pick<Offer, 'service' | 'port'>> {
  if (name === undefined) return { ok: true, value: { service: undefined, port: undefined } };
  const [, service = '', portText] = /^([^:]*)(?::(.*))?$/s.exec(name) ?? [];
  if (portText === undefined && /^\d+$/.test(service)) return withPort(undefined, service);
  if (service === '') return problem('the service name before = is empty');
  // These would end the name in the forward's path, where nothing is escaped.
  if (/[/?#\s\p{Cc}]/u.test(service)) return problem(`${quote(service)} cannot be a service name`);
  if (/^\d+$/.test(service)) return problem(`a service name is not only digits: ${quote(service)}`);
  return portText === undefined ? checked({ service, port: undefined }) : withPort(service, portText);
}

function withPort(service: string | undefined, text: string): Parsed<Pick<Offer, 'service' | 'port'>> {
  const port = parsePort(text);
  return port === undefined
    ? problem(`${quote(text)} is not a port from 1 to 65535`)
    : checked({ service, port });
}

/** What the gateway would refuse is refused here already. */
function checked(place: Pick<Offer, 'service' | 'port'>): Parsed<Pick<Offer, 'service' | 'port'>> {
  const forward = parseForward(forwardRequest({ ...place, words: [] }));
  return forward.ok ? { ok: true, value: place } : forward;
}

const loopback = ['127.0.0.1', '::1'] as const;

function parseLocalTarget(text: string): Parsed<LocalTarget> {
  if (text.startsWith('unix:')) return parseUnix(text.slice('unix:'.length));
  if (/^https?:\/\//i.test(text)) {
    return problem(`a target is ${forms}; for HTTPS on this machine write HOST:PORT?scheme=https`);
  }
  const match = /^(?:(?:\[([^\]]*)\]|([^:[\]/\s]+)):)?([^:]*)$/.exec(text);
  if (match === null) return problem(`a target is ${forms}`);
  const [, ipv6, host, portText = ''] = match;
  const port = parsePort(portText);
  if (port === undefined)
    return problem(`${quote(portText)} is not a port from 1 to 65535; a target is ${forms}`);
  if (ipv6 !== undefined)
    return isIPv6(ipv6) ? tcp([ipv6], port) : problem(`${quote(ipv6)} is not an IPv6 address`);
  // Development servers listen on either of the two when they say localhost.
  if (host === undefined || host.toLowerCase() === 'localhost') return tcp(loopback, port);
  return tcp([host], port);
}

function parseUnix(path: string): Parsed<LocalTarget> {
  if (!path.startsWith('/') || path.includes('\0'))
    return problem('a unix target needs an absolute path: unix:/PATH');
  return { ok: true, value: { kind: 'unix', path } };
}

function tcp(hosts: readonly [string, ...string[]], port: number): Parsed<LocalTarget> {
  return { ok: true, value: { kind: 'tcp', hosts, port } };
}

function mergeWords(own: readonly string[], common: readonly string[]): string[] {
  const named = new Set(own.map(wordName));
  return [...own, ...common.filter((word) => !named.has(wordName(word)))];
}

function wordName(word: string): string {
  return word.split('=', 1)[0] ?? '';
}

/** Leaves readable what a path of a forward can hold as it is. */
function encodeWord(word: string): string {
  return encodeURIComponent(word).replace(/%(?:3D|3A|2F|40|5B|5D|2C)/g, (code) => decodeURIComponent(code));
}

function bad(text: string, reason: string): Parsed<never> {
  return { ok: false, problem: `${quote(text)}: ${reason}` };
}

function problem(text: string): { ok: false; problem: string } {
  return { ok: false, problem: text };
}
