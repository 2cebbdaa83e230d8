import { compileAddressList, type AddressList } from '../../core/address-list.ts';

const maxKept = 1000;
/** By their text, the most recently made at the end; undefined for what is no list. */
const lists = new Map<string, AddressList | undefined>();

/**
 * Whether a visitor's address is in the networks that a forward says it may be visited from: any, when it says nothing; none, when what it says is no
 * list of networks. An address that is none is in no network.
 */
export function visitorAllowed(from: string | undefined, address: string): boolean {
  if (from === undefined) return true;
  return listOf(from)?.contains(address) === true;
}

function listOf(text: string): AddressList | undefined {
  if (lists.has(text)) return lists.get(text);
  const list = compileAddressList(text);
  lists.set(text, list);
  const [oldest] = lists.keys();
  if (lists.size > maxKept && oldest !== undefined) lists.delete(oldest);
  return list;
}
