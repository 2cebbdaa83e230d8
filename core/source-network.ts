import { isIPv6 } from 'node:net';

const mappedIpv4 = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/**
 * What counts as one source of connections: an IPv4 address, or the /64 of an IPv6 address, since whoever has one
 * address of it has all (RFC 6177). Anything else is a source of its own.
 */
export function sourceNetwork(address: string): string {
  const ipv4 = mappedIpv4.exec(address)?.[1];
  if (ipv4 !== undefined) return ipv4;
  return isIPv6(address) ? `${firstGroups(address).join(':')}::/64` : address;
}

/** The first four of an address's eight groups, in hexadecimal without leading zeros. */
function firstGroups(address: string): string[] {
  const [left = '', right] = address.split('::');
  const groups = left === '' ? [] : left.split(':');
  const zeros = right === undefined ? 0 : 8 - groups.length - groupCount(right);
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...(right ?? '').split(':')];
  return all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
}

/** An IPv4 address at the end stands for two groups. */
function groupCount(text: string): number {
  return text === '' ? 0 : text.split(':').length + (text.includes('.') ? 1 : 0);
}
