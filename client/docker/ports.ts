import { parsePort } from '../../core/names.ts';
import { type Parsed, problem } from '../../core/parsed.ts';
import { quote } from '../../core/quote.ts';
import type { LocalTarget } from '../target.ts';
import type { Container } from './container.ts';

/** Ports of a container, and whether they have to be told apart by name. */
export type PortChoice =
  | { readonly kind: 'one'; readonly port: number }
  | { readonly kind: 'several'; readonly ports: readonly [number, ...number[]] };

const loopback = '127.0.0.1';
const everyAddress = new Set(['', '0.0.0.0', loopback]);
const everyIpv6Address = new Set(['::', '::1']);

/** The port that the label names; else the published ones, which somebody chose; else the exposed ones. */
export function choosePorts({ labels, published, exposed }: Container): Parsed<PortChoice> {
  const label = labels['porthole.port'];
  if (label !== undefined) {
    const port = parsePort(label.trim());
    if (port !== undefined) return { ok: true, value: { kind: 'one', port } };
    return problem(`label porthole.port: ${quote(label)} is not a port from 1 to 65535`);
  }
  const candidates = published.length > 0 ? published.map(({ port }) => port) : exposed;
  const [first, ...others] = [...new Set(candidates)].sort((a, b) => a - b);
  if (first === undefined)
    return problem('it exposes and publishes no TCP port; name one with the label porthole.port');
  if (others.length === 0) return { ok: true, value: { kind: 'one', port: first } };
  return { ok: true, value: { kind: 'several', ports: [first, ...others] } };
}

/**
 * How a port of a container is reached from this machine. `engineHost` is where published ports are if not here;
 * `byId` finds the container whose network this one shares.
 */
export function targetOf(
  container: Container,
  port: number,
  around: { engineHost: string | undefined; byId: (id: string) => Container | undefined },
): Parsed<LocalTarget> {
  const { networkMode, published, addresses } = container;
  if (networkMode === 'host') return tcp(around.engineHost ?? loopback, port);
  if (networkMode === 'none') return problem('it has no network');
  if (networkMode.startsWith('container:')) return sharedTarget(container, port, around);
  const ways = published.filter((way) => way.port === port);
  const way = ways.find(({ hostIp }) => !hostIp.includes(':')) ?? ways[0];
  if (way !== undefined) return tcp(reachable(way.hostIp, around.engineHost), way.hostPort);
  const [address] = addresses;
  if (address === undefined)
    return problem(`port ${port} is not published, and it has no address of its own`);
  return tcp(address, port);
}

function sharedTarget(
  { networkMode }: Container,
  port: number,
  around: Parameters<typeof targetOf>[2],
): Parsed<LocalTarget> {
  const other = around.byId(networkMode.slice('container:'.length));
  if (other === undefined || other.networkMode.startsWith('container:'))
    return problem('it shares the network of a container that is not offered');
  return targetOf(other, port, around);
}

function reachable(hostIp: string, engineHost: string | undefined): string {
  if (everyAddress.has(hostIp)) return engineHost ?? loopback;
  if (everyIpv6Address.has(hostIp)) return engineHost ?? '::1';
  return hostIp;
}

function tcp(host: string, port: number): Parsed<LocalTarget> {
  return { ok: true, value: { kind: 'tcp', hosts: [host], port } };
}
