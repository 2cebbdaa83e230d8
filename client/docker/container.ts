import { z } from 'zod';
import { type Parsed, problem } from '../../core/parsed.ts';

/** What is known of one running container, as far as it matters for reaching its ports. */
export interface Container {
  readonly id: string;
  /** Without the slash that the engine puts before it. */
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
  readonly labels: Labels;
  /** `bridge`, `host`, `none`, `container:ID`, or a network's name. */
  readonly networkMode: string;
  /** TCP ports that the image or its user said it listens on. */
  readonly exposed: readonly number[];
  /** TCP ports that the engine forwards from this machine. */
  readonly published: readonly PublishedPort[];
  /** Where its networks have it, in the order of their names. */
  readonly addresses: readonly string[];
}

export interface PublishedPort {
  /** Inside the container. */
  readonly port: number;
  readonly hostIp: string;
  readonly hostPort: number;
}

export type Labels = Readonly<Record<string, string>>;

/** One line of the list of containers: enough to say whether it is of any interest. */
export interface ListedContainer {
  readonly id: string;
  readonly labels: Labels;
}

const maxPorts = 256;
const maxLabelLength = 8192;

const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((all) => ownLabels(all ?? {}));

const listed = z.object({ Id: z.string().regex(/^[0-9a-f]{12,64}$/), Labels: labels });

const binding = z.object({ HostIp: z.string().max(64), HostPort: z.string().max(5) });

const inspected = z.object({
  Id: z.string().max(64),
  Name: z.string().max(512),
  Created: z.string().max(64),
  Config: z.object({ Labels: labels, ExposedPorts: z.record(z.string(), z.unknown()).nullish() }),
  HostConfig: z.object({ NetworkMode: z.string().max(512) }),
  NetworkSettings: z.object({
    Ports: z.record(z.string(), z.array(binding).nullable()).nullish(),
    Networks: z
      .record(
        z.string(),
        z.object({
          IPAddress: z.string().max(64).nullish(),
          GlobalIPv6Address: z.string().max(64).nullish(),
        }),
      )
      .nullish(),
  }),
});

/** Reads one entry of `GET /containers/json`. */
export function readListed(json: unknown): Parsed<ListedContainer> {
  const entry = listed.safeParse(json);
  if (!entry.success) return problem(`the engine's list is not understood: ${firstIssue(entry.error)}`);
  return { ok: true, value: { id: entry.data.Id, labels: entry.data.Labels } };
}

/** Reads `GET /containers/ID/json`. */
export function readContainer(json: unknown): Parsed<Container> {
  const read = inspected.safeParse(json);
  if (!read.success) return problem(`the engine's description is not understood: ${firstIssue(read.error)}`);
  const { Id, Name, Created, Config, HostConfig, NetworkSettings } = read.data;
  const ports = NetworkSettings.Ports ?? {};
  return {
    ok: true,
    value: {
      id: Id,
      name: Name.replace(/^\//, ''),
      createdAtMs: Date.parse(Created) || 0,
      labels: Config.Labels,
      networkMode: HostConfig.NetworkMode,
      exposed: tcpPorts([...Object.keys(Config.ExposedPorts ?? {}), ...Object.keys(ports)]),
      published: publishedPorts(ports),
      addresses: addressesIn(NetworkSettings.Networks ?? {}),
    },
  };
}

/** Containers have many labels of other programs, of any size. */
function ownLabels(all: Record<string, string>): Labels {
  const own = Object.entries(all).filter(
    ([name]) => name.startsWith('porthole.') || name.startsWith('com.docker.compose.'),
  );
  return Object.fromEntries(own.map(([name, value]) => [name.slice(0, 256), value.slice(0, maxLabelLength)]));
}

function publishedPorts(ports: Record<string, readonly z.infer<typeof binding>[] | null>): PublishedPort[] {
  return Object.entries(ports)
    .flatMap(([name, bindings]) => {
      const [port] = tcpPorts([name]);
      return port === undefined
        ? []
        : (bindings ?? []).map(({ HostIp, HostPort }) => ({
            port,
            hostIp: HostIp,
            hostPort: Number(HostPort),
          }));
    })
    .filter(({ hostPort }) => Number.isInteger(hostPort) && hostPort > 0 && hostPort <= 65_535)
    .slice(0, maxPorts);
}

/** `80/tcp` is 80; other protocols have no ports that could be forwarded. */
function tcpPorts(names: readonly string[]): number[] {
  const ports = names.map((name) => Number(/^(\d{1,5})\/tcp$/.exec(name)?.[1] ?? 0));
  const valid = ports.filter((port) => port > 0 && port <= 65_535);
  return [...new Set(valid)].sort((a, b) => a - b).slice(0, maxPorts);
}

type Networks = Readonly<
  Record<string, { IPAddress?: string | null | undefined; GlobalIPv6Address?: string | null | undefined }>
>;

function addressesIn(networks: Networks): string[] {
  const sorted = Object.entries(networks).sort(([a], [b]) => (a < b ? -1 : 1));
  const [v4, v6] = [sorted.map(([, at]) => at.IPAddress), sorted.map(([, at]) => at.GlobalIPv6Address)];
  return [...v4, ...v6].filter(
    (address) => address !== undefined && address !== null && address !== '',
  ) as string[];
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? 'unknown' : `${issue.path.join('.')}: ${issue.message}`;
}
