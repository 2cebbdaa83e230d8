import { isName } from '../../core/names.ts';
import { parseOsUser } from '../../core/os-user.ts';
import type { Parsed } from '../../core/parsed.ts';
import { quote } from '../../core/quote.ts';
import { type Offer, parseOffer, withCommonWords } from '../target.ts';
import { parseUuid } from './machine-id.ts';

/** The SSH server that is offered to the gate, and what is said of the machine. */
export interface SshServer {
  /** As the service `ssh`. */
  readonly offer: Offer;
  /** Undefined where the machine has one of its own, made by this client. */
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly osUser: string | undefined;
}

/** What the command line and the configuration say of it. */
export interface SshServerWords {
  /** Where it listens: `22`, `HOST:PORT` or `unix:/PATH`; true for the usual port of this machine, false for none, undefined if nothing is said. */
  readonly address: string | boolean | undefined;
  readonly osUser: string | undefined;
  readonly name: string | undefined;
  readonly id: string | undefined;
}

const usualPort = '22';

/** Whether a word can only be where an SSH server listens: a port, or a host with one. */
export function isSshAddress(word: string): boolean {
  return (/^\d+$/.test(word) || /^[^=?]*:[^=?]*$/.test(word)) && parseAddress(word).ok;
}

/**
 * Reads it; undefined where none is to be offered. `offers` are the other services, of which one may be `ssh` itself, and then says
 * where it is. `common` are the options of all.
 */
export function readSshServer(
  { address, osUser, name, id }: SshServerWords,
  offers: readonly Offer[],
  common: readonly string[],
): Parsed<SshServer | undefined> {
  if (address === false) return { ok: true, value: undefined };
  if (address === undefined)
    return (osUser ?? name ?? id) === undefined ? { ok: true, value: undefined } : bad(withoutServer);
  const named = offers.find(isSshService);
  if (named !== undefined && address !== true) return bad('the service ssh is offered twice: once is enough');
  const offer = named === undefined ? readOffer(address, common) : { ok: true as const, value: named };
  if (!offer.ok) return offer;
  const uuid = id === undefined ? undefined : parseUuid(id);
  if (id !== undefined && uuid === undefined)
    return bad(`${quote(id)} is no UUID: 8-4-4-4-12 hexadecimal digits`);
  const user = osUser === undefined ? undefined : parseOsUser(osUser);
  if (user?.ok === false) return user;
  if (name !== undefined && !isName(name))
    return bad(`${quote(name)} is no name of a machine: it has a-z and 0-9 with single hyphens between them`);
  return { ok: true, value: { offer: offer.value, id: uuid, name, osUser } };
}

/** All offers with that of the SSH server. */
export function withSshServer(offers: readonly Offer[], server: SshServer | undefined): readonly Offer[] {
  return server === undefined || offers.includes(server.offer) ? offers : [...offers, server.offer];
}

const withoutServer =
  '--os-user, --target-name and --target-id are about a machine whose SSH server is offered: they need --ssh';
/** What is said of all services is about visitors, but for how long they are offered. */
const meantForAll = 'ttl=';

/** Whether it is the machine's SSH server. */
export function isSshService({ service, port }: Offer): boolean {
  return service?.toLowerCase() === 'ssh' && (port === undefined || port === 22);
}

function readOffer(address: string | true, common: readonly string[]): Parsed<Offer> {
  const offer = parseAddress(address === true || address === '' ? usualPort : address);
  if (!offer.ok) return offer;
  return withCommonWords(
    offer.value,
    common.filter((word) => word.startsWith(meantForAll)),
  );
}

function parseAddress(text: string): Parsed<Offer> {
  const offer = parseOffer(`ssh=${text}`);
  return offer.ok ? offer : bad(`the SSH server ${offer.problem.replace('"ssh=', '"')}`);
}

function bad(problem: string): Parsed<never> {
  return { ok: false, problem };
}
