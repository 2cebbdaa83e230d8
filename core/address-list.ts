import { BlockList, isIP } from 'node:net';

/** A list of networks, ready to be asked. */
export interface AddressList {
  readonly contains: (address: string) => boolean;
}

/**
 * Whether an address is in a list of networks such as `192.0.2.0/24,2001:db8::/32,198.51.100.7`, the way OpenSSH writes one in
 * `source-address`; undefined for a list that is not well-formed.
 */
export function inAddressList(list: string, address: string): boolean | undefined {
  return compileAddressList(list)?.contains(address);
}

/** The same list for many addresses; undefined for one that is not well-formed. */
export function compileAddressList(list: string): AddressList | undefined {
  const networks = new BlockList();
  for (const entry of list.split(',')) {
    const network = parseNetwork(entry);
    if (network === undefined) return undefined;
    networks.addSubnet(network.address, network.prefix, network.family);
  }
  return {
    contains: (address) => {
      const plain = plainAddress(address);
      const version = isIP(plain);
      return version !== 0 && networks.check(plain, version === 4 ? 'ipv4' : 'ipv6');
    },
  };
}

function parseNetwork(
  entry: string,
): { address: string; prefix: number; family: 'ipv4' | 'ipv6' } | undefined {
  const match = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(entry);
  const [, address = '', prefixText] = match ?? [];
  const version = isIP(address);
  if (version === 0) return undefined;
  const longest = version === 4 ? 32 : 128;
  const prefix = prefixText === undefined ? longest : Number(prefixText);
  return prefix > longest ? undefined : { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** What a listener for both families sees of an IPv4 peer, `::ffff:192.0.2.1`, is that peer; a zone says nothing about a network. */
function plainAddress(address: string): string {
  const unzoned = address.replace(/%.*$/s, '');
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(unzoned)?.[1] ?? unzoned;
}
