import type { Command } from 'commander';
import type { Parsed } from '../../core/forward.ts';
import { type Offer, parseOffers } from '../target.ts';

/** The options that every service of a command line gets, unless it says otherwise itself. */
export interface OfferFlags {
  readonly access?: string;
  readonly host?: string;
  readonly scheme?: string;
  readonly ttl?: string;
  readonly balance?: boolean;
  readonly from?: string;
  readonly robots?: string;
}

export const targetHelp = `
Targets:
  3000                      the default service, on this machine's port 3000
  web=3000                  service "web"
  api:8080=127.0.0.1:8080   port 8080 of service "api"
  db=unix:/run/app.sock     a unix socket
  'web=3000?access=public&scheme=https'   options for one service`;

export function addOfferFlags(command: Command): Command {
  return command
    .option('--access <who>', 'who may open the URLs: public, private or team')
    .option('--host <value>', 'the Host header that the service sees: a host name, or keep')
    .option('--scheme <scheme>', 'what the service speaks: http, https, h2c or tcp')
    .option('--ttl <duration>', 'how long the forwards live, such as 2h')
    .option('--balance', 'share the requests with your other connections that offer the same')
    .option(
      '--from <networks>',
      'from where the URLs may be opened at all, such as 192.0.2.0/24,2001:db8::/32',
    )
    .option('--robots <word>', 'whether search engines may show the URLs: index or noindex');
}

/** The option words that all services get. */
export function commonWords({ access, host, scheme, ttl, balance, from, robots }: OfferFlags): string[] {
  const values = { access, host, scheme, ttl, balance: balance?.toString(), from, robots };
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

export function readOffers(targets: readonly string[], flags: OfferFlags): Parsed<Offer[]> {
  return parseOffers(targets, commonWords(flags));
}
