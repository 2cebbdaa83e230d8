import { isIPv6 } from 'node:net';

interface ProxyV2 {
  readonly source?: string;
  readonly destination?: string;
  readonly sourcePort?: number;
  readonly port?: number;
  readonly command?: number;
  /** Family and protocol; that of the source if not given. */
  readonly family?: number;
  readonly tlvBytes?: number;
}

/** A PROXY protocol header, version 2, written independently of the parser under test. */
export function proxyV2(header: ProxyV2): Buffer {
  const { source, destination, sourcePort = 0, port = 0, command = 0x21, tlvBytes = 0 } = header;
  const addresses =
    source === undefined || destination === undefined ? [] : [octets(source), octets(destination)];
  const ports = Buffer.alloc(addresses.length * 2);
  if (addresses.length > 0) {
    ports.writeUInt16BE(sourcePort, 0);
    ports.writeUInt16BE(port, 2);
  }
  const family = header.family ?? (source !== undefined && isIPv6(source) ? 0x21 : 0x11);
  const block = Buffer.concat([...addresses, ports, Buffer.alloc(tlvBytes, 0x04)]);
  const head = Buffer.from([
    0x0d,
    0x0a,
    0x0d,
    0x0a,
    0,
    0x0d,
    0x0a,
    0x51,
    0x55,
    0x49,
    0x54,
    0x0a,
    command,
    family,
    0,
    0,
  ]);
  head.writeUInt16BE(block.length, 14);
  return Buffer.concat([head, block]);
}

function octets(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [, prefix = '', a, b, c, d] = dotted ?? [];
  const hex = (high: string | undefined, low: string | undefined): string =>
    (Number(high) * 256 + Number(low)).toString(16);
  const text = dotted === null ? address : `${prefix}${hex(a, b)}:${hex(c, d)}`;
  const [head = '', tail] = text.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const first = groups(head);
  const last = groups(tail ?? '');
  const all = [...first, ...Array.from({ length: 8 - first.length - last.length }, () => '0'), ...last];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
