import { BlockList, isIP, isIPv4 } from 'node:net';
import { PortholeError } from '../core/errors.ts';

/** One CIDR block. */
interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** A set of IP networks, asked by address. */
export interface Networks {
  /** IPv4-mapped IPv6 addresses (`::ffff:10.0.0.1`, what a dual-stack listener sees) count as IPv4. */
  contains(address: string): boolean;
}

/** Builds the set from CIDR texts (`10.0.0.0/8`, `fd00::/8`, a single address). Throws ERR_CONFIG that names every bad one. */
export function parseNetworks(cidrs: readonly string[]): Networks {
  const list = new BlockList();
  const problems: string[] = [];
  for (const cidr of cidrs) {
    const network = parseNetwork(cidr);
    if (typeof network === 'string') problems.push(network);
    else list.addSubnet(network.address, network.prefix, network.family);
  }
  if (problems.length > 0) throw new PortholeError('ERR_CONFIG', { message: problems.join('; ') });
  return {
    contains(address) {
      const plain = plainAddress(address);
      const version = isIP(plain);
      return version !== 0 && list.check(plain, version === 4 ? 'ipv4' : 'ipv6');
    },
  };
}

/** What is wrong with a CIDR text, for a config check that gathers all problems; `undefined` if nothing. */
export function networkProblem(cidr: string): string | undefined {
  const network = parseNetwork(cidr);
  return typeof network === 'string' ? network : undefined;
}

/** The address as people write it: `::ffff:10.0.0.1` is `10.0.0.1`; a zone (`fe80::1%eth0`) is dropped. */
export function plainAddress(address: string): string {
  const unzoned = address.split('%', 1).join('');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(unzoned)?.[1];
  return mapped !== undefined && isIPv4(mapped) ? mapped : unzoned;
}

function parseNetwork(cidr: string): Network | string {
  const [address = '', prefixText, ...rest] = cidr.trim().split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%'))
    return `'${cidr}' is not a network: '${address}' is not an IP address`;
  if (plainAddress(address) !== address) return `'${cidr}' is an IPv4-mapped network: write it as IPv4`;
  const maxPrefix = version === 4 ? 32 : 128;
  const prefix = prefixText === undefined ? maxPrefix : Number(prefixText);
  const validPrefix = prefixText === undefined || /^\d{1,3}$/.test(prefixText);
  if (rest.length > 0 || !validPrefix || prefix > maxPrefix) {
    return `'${cidr}' is not a network: the prefix must be 0 to ${String(maxPrefix)}`;
  }
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}
