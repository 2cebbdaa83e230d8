import type { PublicAddress } from './dependencies.ts';
import type { RequestHead } from './request-head.ts';

/** Who a request comes from, and through what: what the upstream is told. */
export interface Forwarded {
  /** The visitor's address, as far as it can be believed. */
  readonly address: string;
  /** `X-Forwarded-For`: the believed part of the chain. */
  readonly chain: string;
  readonly proto: string;
  /** The other forwarding headers of a trusted proxy: names and values in turn. */
  readonly believed: readonly string[];
}

/** More hops than that are no honest chain. */
const maxHops = 32;

/** From a visitor, nothing is believed; from a trusted proxy, what it says. */
export function readForwarded(
  head: RequestHead,
  peer: { readonly address: string; readonly trusted: boolean },
  context: { readonly publicAddress: PublicAddress; isTrustedProxy(address: string): boolean },
): Forwarded {
  const { address, trusted } = peer;
  if (!trusted) {
    return { address, chain: address, proto: context.publicAddress.protocol, believed: nothing };
  }
  const hops = head.forwardedFor === undefined ? [] : splitList(head.forwardedFor).slice(-maxHops);
  return {
    address: rightmostUntrusted([...hops, address], context),
    chain: [...hops, address].join(', '),
    proto: forwardedProto(head) ?? context.publicAddress.protocol,
    believed: head.forwarding ?? nothing,
  };
}

/** The protocol that the visitor used, as a proxy says: of the first hop when there are several. */
export function forwardedProto(head: RequestHead): string | undefined {
  const proto = head.forwardedProto?.split(',', 1)[0]?.trim().toLowerCase();
  return proto === 'http' || proto === 'https' ? proto : undefined;
}

/** Everything to the left of the first address that is not a proxy of ours can be made up. */
function rightmostUntrusted(
  hops: readonly string[],
  context: { isTrustedProxy(address: string): boolean },
): string {
  const found = hops.findLast((hop) => !context.isTrustedProxy(hop));
  return found ?? hops[0] ?? '';
}

function splitList(list: string): string[] {
  return list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

const nothing: readonly string[] = [];
