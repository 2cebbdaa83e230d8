import { isIPv4, isIPv6 } from 'node:net';
import { plainAddress } from './networks.ts';

/** An address and port as a proxy tells it. */
export interface ProxiedSource {
  readonly address: string;
  readonly port: number;
}

/**
 * What the first bytes are, read as a PROXY protocol header (HAProxy's `proxy-protocol.txt`, versions 1 and 2).
 * `absent`: no header. `header`: one of `consumed` bytes; without a source the connection is the proxy's own
 * (LOCAL) or of a kind that has no IP address (UNKNOWN, AF_UNIX, AF_UNSPEC).
 */
export type ProxyHeader =
  | { readonly kind: 'absent' | 'more' | 'invalid' }
  | {
      readonly kind: 'header';
      readonly version: 1 | 2;
      readonly source: ProxiedSource | undefined;
      readonly consumed: number;
    };

const v1Prefix = Buffer.from('PROXY ');
const v1MaxBytes = 107;

const v2Signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const v2HeadBytes = 16;
/** Version and command in one byte. */
const v2Local = 0x20;
const v2Proxied = 0x21;
const v2Stream = 1;
const v2AddressBytes = { unspec: 0, inet: 12, inet6: 36, unix: 216 } as const;
type Family = keyof typeof v2AddressBytes;
const v2Families: readonly Family[] = ['unspec', 'inet', 'inet6', 'unix'];
const mappedPrefix = Buffer.from('00000000000000000000ffff', 'hex');

/** The format allows 64 KiB of TLVs; nobody needs them here, and what is read before a decision is bounded. */
export const maxProxyHeaderBytes = 4096;

const absent: ProxyHeader = { kind: 'absent' };
const more: ProxyHeader = { kind: 'more' };
const invalid: ProxyHeader = { kind: 'invalid' };

/** Reads a header incrementally: 'more' until it is whole; decides within `maxProxyHeaderBytes`. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsLike(bytes, v2Signature)) return bytes.length < v2HeadBytes ? partialV2(bytes) : parseV2(bytes);
  if (startsLike(bytes, v1Prefix)) return bytes.length < v1Prefix.length ? more : parseV1(bytes);
  return absent;
}

/** Whether as much as is there of `prefix` is in `bytes`. */
function startsLike(bytes: Buffer, prefix: Buffer): boolean {
  const length = Math.min(bytes.length, prefix.length);
  return bytes.subarray(0, length).equals(prefix.subarray(0, length));
}

function parseV1(bytes: Buffer): ProxyHeader {
  const head = bytes.subarray(0, v1MaxBytes);
  const end = head.indexOf('\r\n');
  if (end === -1) return head.length < v1MaxBytes ? more : invalid;
  const source = sourceOfV1(head.toString('latin1', 0, end).split(' '));
  return source === 'invalid' ? invalid : { kind: 'header', version: 1, source, consumed: end + 2 };
}

function sourceOfV1(fields: readonly string[]): ProxiedSource | undefined | 'invalid' {
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = ''] = fields;
  // After UNKNOWN the receiver ignores the rest of the line.
  if (family === 'UNKNOWN') return undefined;
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined;
  if (isAddress === undefined || fields.length !== 6) return 'invalid';
  if (!isAddress(source) || !isAddress(destination)) return 'invalid';
  if (!isPort(sourcePort) || !isPort(destinationPort)) return 'invalid';
  return { address: plainAddress(source), port: Number(sourcePort) };
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

/** The fixed fields are checked as they come, so that garbage is not waited for. */
function partialV2(bytes: Buffer): ProxyHeader {
  const [command = v2Proxied, protocol = 0] = bytes.subarray(v2Signature.length);
  return isCommand(command, protocol) ? more : invalid;
}

function parseV2(bytes: Buffer): ProxyHeader {
  const command = bytes.readUInt8(12);
  const protocol = bytes.readUInt8(13);
  const length = bytes.readUInt16BE(14);
  const consumed = v2HeadBytes + length;
  if (!isCommand(command, protocol) || consumed > maxProxyHeaderBytes) return invalid;
  const family = command === v2Local ? 'unspec' : (v2Families[protocol >> 4] ?? 'unspec');
  if (length < v2AddressBytes[family]) return invalid;
  if (bytes.length < consumed) return more;
  const source = sourceOfV2(bytes.subarray(v2HeadBytes, consumed), family);
  return { kind: 'header', version: 2, source, consumed };
}

/** LOCAL, whose family counts for nothing, or PROXY with a known family; a datagram does not come over TCP. */
function isCommand(command: number, protocol: number): boolean {
  if (command === v2Local) return true;
  if (command !== v2Proxied) return false;
  const family = v2Families[protocol >> 4];
  return family === 'unspec' || (family !== undefined && (protocol & 0xf) === v2Stream);
}

/** Addresses first, then TLVs, which are skipped. */
function sourceOfV2(block: Buffer, family: Family): ProxiedSource | undefined {
  if (family === 'inet') return { address: block.subarray(0, 4).join('.'), port: block.readUInt16BE(8) };
  if (family === 'inet6') return { address: formatIpv6(block.subarray(0, 16)), port: block.readUInt16BE(32) };
  return undefined;
}

/** RFC 5952 text, by way of the URL parser, which writes it; an IPv4-mapped address as the IPv4 address that it is. */
function formatIpv6(bytes: Buffer): string {
  if (bytes.subarray(0, mappedPrefix.length).equals(mappedPrefix)) return bytes.subarray(12).join('.');
  const groups = bytes.toString('hex').match(/.{4}/g) ?? [];
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
