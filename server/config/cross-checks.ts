import { isReservedLabel, matchHost } from '../../core/names.ts';
import { formatListenAddress } from '../../tls/listener.ts';
import type { ListenAddress } from './addresses.ts';
import type { Config, Field } from './keys.ts';
import type { Source } from './layer.ts';

/** What is to be checked: the values that are valid by themselves, and where all values come from. */
export interface Settled {
  readonly values: Partial<Config>;
  readonly sources: ReadonlyMap<Field, Source>;
}

/** What is wrong with values that are right by themselves but not together. */
export function crossCheck(settled: Settled): string[] {
  return [...certificatePair(settled), ...publicHost(settled), ...adminHost(settled), ...listeners(settled)];
}

function certificatePair({ sources }: Settled): string[] {
  const pairs = [
    ['tlsCert', 'tlsKey', 'tls-key'],
    ['tlsKey', 'tlsCert', 'tls-cert'],
  ] as const;
  return pairs
    .filter(([given, needed]) => sources.get(given) !== undefined && sources.get(needed) === undefined)
    .map(([given, , name]) => `${nameOf(sources, given)}: needs ${name} beside it`);
}

function publicHost({ values, sources }: Settled): string[] {
  const { publicUrl, domain } = values;
  if (publicUrl === undefined || domain === undefined || publicUrl.hostname === domain) return [];
  return [
    `${nameOf(sources, 'publicUrl')}: its host is ${publicUrl.hostname}, but the domain is ${domain}; ` +
      'they must be the same',
  ];
}

/** A host that a preview could have would be taken by whoever dials in under that name. */
function adminHost({ values, sources }: Settled): string[] {
  const { adminDomain, domain } = values;
  if (adminDomain === undefined || domain === undefined) return [];
  const match = matchHost(adminDomain, domain);
  const told = (what: string): string[] => [`${nameOf(sources, 'adminDomain')}: ${adminDomain} ${what}`];
  if (match.kind === 'apex')
    return told('is the domain itself, where the login pages are anyway; leave it out');
  if (match.kind !== 'label' || isReservedLabel(match.label)) return [];
  return told(
    `is a host that a preview could have; below ${domain} take auth, login or another reserved name`,
  );
}

function listeners({ values, sources }: Settled): string[] {
  const problems: string[] = [];
  if (values.listen?.length === 0 && values.sshListen?.length === 0 && values.httpListen?.length === 0) {
    problems.push(`${nameOf(sources, 'listen')}: there is no address to listen on`);
  }
  const seen = new Set<string>();
  for (const [field, address] of listenAddresses(values)) {
    const text = formatListenAddress(address);
    if (address.port !== 0 && seen.has(text))
      problems.push(`${nameOf(sources, field)}: ${text} is used twice`);
    seen.add(text);
  }
  return problems;
}

function listenAddresses(values: Partial<Config>): [Field, ListenAddress][] {
  const lists = {
    listen: values.listen ?? [],
    sshListen: values.sshListen ?? [],
    httpListen: values.httpListen ?? [],
    metricsListen: values.metricsListen === undefined ? [] : [values.metricsListen],
  };
  return Object.entries(lists).flatMap(([field, addresses]) =>
    addresses.map((address): [Field, ListenAddress] => [field as Field, address]),
  );
}

function nameOf(sources: ReadonlyMap<Field, Source>, field: Field): string {
  return sources.get(field)?.name ?? 'default';
}
