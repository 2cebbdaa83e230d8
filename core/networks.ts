import { isIP, isIPv6 } from 'node:net';
import type { Parsed } from './parsed.ts';
import { problem } from './parsed.ts';
import { quote } from './quote.ts';

const maxNetworks = 16;

/**
 * Reads a list of networks such as `192.0.2.0/24,2001:db8::/32,198.51.100.7` that somebody has written, and gives it back in the one form that each of
 * them has: in the order given, each once, without what the prefix leaves out. `core/address-list.ts` takes that form.
 */
export function parseNetworkList(text: string): Parsed<string> {
  const entries = text.split(',').map((entry) => entry.trim());
  if (entries.length > maxNetworks)
    return problem(
      `${String(entries.length)} networks are too many: ${String(maxNetworks)} at most, separated by commas`,
    );
  const networks = new Set<string>();
  for (const entry of entries) {
    const network = parseNetwork(entry);
    if (!network.ok) return network;
    networks.add(network.value);
  }
  return { ok: true, value: [...networks].join(',') };
}

function parseNetwork(entry: string): Parsed<string> {
  const [address = '', prefixText, ...rest] = entry.split('/');
  const version = isIP(address);
  if (entry === '') return problem('an address between the commas is missing');
  if (version === 0 || address.includes('%'))
    return problem(`${quote(address)} is not an IP address: write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32`);
  if (/^::ffff:.*\./i.test(address)) return problem(`${quote(address)} is IPv4: write it without ::ffff:`);
  const longest = version === 4 ? 32 : 128;
  const prefix = prefixText === undefined ? longest : readPrefix(prefixText);
  if (rest.length > 0 || prefix === undefined || prefix > longest)
    return problem(
      `${quote(entry)} is not a network: what follows the slash must be 0 to ${String(longest)}`,
    );
  const canonical = masked(address, prefix);
  return { ok: true, value: prefix === longest ? canonical : `${canonical}/${String(prefix)}` };
}

function readPrefix(text: string): number | undefined {
  return /^(?:0|[1-9]\d{0,2})$/.test(text) ? Number(text) : undefined;
}

/** The address without the bits after the prefix, as RFC 5952 writes it. */
function masked(address: string, prefix: number): string {
  const width = isIPv6(address) ? 16 : 8;
  const groups = isIPv6(address) ? ipv6Groups(address) : address.split('.').map(Number);
  const kept = groups.map((group, index) => {
    const bits = Math.min(width, Math.max(0, prefix - index * width));
    return group & ~(2 ** (width - bits) - 1);
  });
  if (width === 8) return kept.join('.');
  const text = kept.map((group) => group.toString(16)).join(':');
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

function ipv6Groups(address: string): number[] {
  const whole = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [left = '', right] = whole.split('::');
  const [before, after] = [left, right ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const zeros = Array.from({ length: 8 - (before?.length ?? 0) - (after?.length ?? 0) }, () => '0');
  const groups = right === undefined ? (before ?? []) : [...(before ?? []), ...zeros, ...(after ?? [])];
  return groups.map((group) => Number.parseInt(group, 16));
}
