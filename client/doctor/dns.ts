import { isIP } from 'node:net';
import { deadline } from '../../core/lifecycle.ts';
import { isBelowLocalhost, lookup } from '../localhost-lookup.ts';
import { failed, fine, type Verdict, warning } from './check.ts';

/** What the resolver said of a name. */
export type DnsFacts =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'failed'; readonly code: string };

const timeoutMs = 5000;

export function resolveName(host: string): Promise<DnsFacts> {
  const answer = new Promise<DnsFacts>((resolve) => {
    lookup(host, { all: true }, (error, found) => {
      if (error !== null) resolve({ kind: 'failed', code: error.code ?? error.message });
      else if (typeof found === 'string') resolve({ kind: 'addresses', addresses: [found] });
      else resolve({ kind: 'addresses', addresses: [...new Set(found.map(({ address }) => address))] });
    });
  });
  return deadline(answer, timeoutMs, () => ({ kind: 'failed', code: 'ETIMEOUT' }));
}

/** Of the gateway's own name. */
export function judgeName(host: string, facts: DnsFacts): Verdict {
  if (isIP(host) !== 0) return fine(`${host} is an address and needs no DNS`);
  if (facts.kind === 'addresses' && facts.addresses.length > 0)
    return fine(`${host} is ${facts.addresses.join(', ')}`);
  const code = facts.kind === 'failed' ? facts.code : 'ENOTFOUND';
  if (code === 'ENOTFOUND' || code === 'ENODATA')
    return failed(
      `there is no host ${host}`,
      'check the name in --server (PORTHOLE_SERVER), and its DNS record',
    );
  return failed(
    `the name ${host} could not be looked up (${code})`,
    "check this machine's network and its DNS server",
  );
}

/** Of a preview's name: it should lead to where the gateway is. */
export function judgePreviewName(
  host: string,
  facts: DnsFacts,
  gateway: { host: string; addresses: readonly string[] },
): Verdict {
  if (isBelowLocalhost(host)) return fine(`${host} is this machine, as all names below localhost`);
  const domain = host.slice(host.indexOf('.') + 1);
  const record = `*.${domain}`;
  if (facts.kind === 'failed' || facts.addresses.length === 0) {
    const next = `add a wildcard DNS record: ${record} with the addresses of ${gateway.host}`;
    return failed(`there is no host ${host}: the gateway is reached, its previews are not`, next);
  }
  const told = `${host} is ${facts.addresses.join(', ')}`;
  if (facts.addresses.some((address) => gateway.addresses.includes(address))) return fine(told);
  return warning(
    `${told}, and ${gateway.host} is ${gateway.addresses.join(', ')}`,
    `unless something in front of the gateway takes care of it, let ${record} lead to the same addresses`,
  );
}
