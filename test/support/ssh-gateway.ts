import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createLog, type LogLine } from './log-lines.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { envSlug, formatLabel, keyId } from '../../core/names.ts';
import { inspectPublicKey } from '../../core/public-key.ts';
import type { Admission, Admissions, OfferedKey } from '../../server/identity/admission.ts';
import type { Identity } from '../../server/identity/identity.ts';
import { Registry } from '../../server/routing/registry.ts';
import { RequestFeed } from '../../server/routing/request-feed.ts';
import type { PublicUrls } from '../../server/ssh/commands.ts';
import { loadHostKey, type HostKey } from '../../server/ssh/host-key.ts';
import { Refusals } from '../../server/ssh/refusals.ts';
import { SshServer, type SshServerOptions } from '../../server/ssh/ssh-server.ts';
import { Heartbeat } from '../../server/tunnel/heartbeat.ts';
import type { Forward } from '../../server/tunnel/forward.ts';
import type { Tunnel } from '../../server/tunnel/tunnel.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';
import { until } from './until.ts';

/** The domain of the fixture's gateway. */
export const domain = 'preview.test';

/** URLs as a gateway on the standard port would give them. */
export const fakeUrls: PublicUrls = {
  rootUrl: `https://${domain}/`,
  baseUrl: { hostname: domain, port: '', protocol: 'https:' },
  urlOf: (route) => `https://${formatLabel(route)}.${domain}/`,
  shareUrlOf: (route) => `https://${formatLabel(route)}.${domain}/?share=of-${route.env}`,
  sharePending: () => undefined,
};

/** Admits every sound key as a principal of its own, unless a test says otherwise of one. */
export class AnyKey implements Admissions {
  readonly #callbacks: (() => void)[] = [];
  readonly #special = new Map<string, Partial<Identity> | 'refused'>();

  admit(key: OfferedKey): Admission {
    const special = this.#special.get(key.blob.toString('base64'));
    const inspection = inspectPublicKey(key.type, key.blob);
    if (!inspection.ok) return { kind: 'refused', reason: inspection.problem };
    if (special === 'refused') return { kind: 'refused', reason: 'this key is not known here' };
    const print = fingerprint(key.blob);
    const usual = {
      principal: print,
      role: 'admin',
      envPatterns: ['*'],
      source: { kind: 'stored' },
      fingerprint: print,
      keyId: keyId(key.blob),
    } as const;
    return { kind: 'admitted', identity: { ...usual, ...special } };
  }

  /** Changes what a key is, as a change of the key file would. */
  set(blob: Buffer, identity: Partial<Identity> | 'refused'): void {
    this.#special.set(blob.toString('base64'), identity);
    for (const callback of this.#callbacks) callback();
  }

  onChange(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  close(): void {
    this.#callbacks.length = 0;
  }
}

export interface SshGatewayOptions extends Partial<Omit<SshServerOptions, 'heartbeat'>> {
  /** How often a silent peer is asked, and for how many times; a long time if not given. */
  readonly keepalive?: { readonly intervalMs: number; readonly misses: number };
}

/** An SSH server on a listener of its own, with a registry in memory and everything that it tells in lists. */
export interface SshGateway {
  readonly port: number;
  readonly server: SshServer;
  readonly registry: Registry;
  readonly admissions: AnyKey;
  readonly feed: RequestFeed;
  readonly refusals: Refusals;
  readonly hostKey: HostKey;
  /** The server's ends of the TCP connections, in the order of their arrival. */
  readonly sockets: readonly Socket[];
  readonly logLines: readonly LogLine[];
  /** `authenticated ok`, `tunnel opened`, ... in the order in which they were counted. */
  readonly counted: readonly string[];
  /** The forward of a label such as `web--pr-1`, once it is live. */
  forward(label: string): Promise<Forward>;
  /** The nth tunnel, once it is there. */
  tunnel(index?: number): Promise<Tunnel>;
}

export async function startSshGateway(t: TestScope, options: SshGatewayOptions = {}): Promise<SshGateway> {
  const { keepalive = { intervalMs: 60_000, misses: 3 }, ...overrides } = options;
  const registry = new Registry({
    domain,
    holdMs: 10_000,
    claimTtlMs: 60_000,
    maxHeldPerEnv: 256,
    maxRemembered: 1000,
  });
  const log = createLog();
  const counted: string[] = [];
  const parts = {
    admissions: new AnyKey(),
    feed: new RequestFeed(),
    refusals: new Refusals(),
    hostKey: loadHostKey(scratchDir(t)),
    heartbeat: new Heartbeat(keepalive),
  };
  const server = new SshServer({
    ...defaults,
    ...parts,
    routes: registry,
    environments: registry,
    onForwardEnd: (forward, ending) => registry.remove(forward, ending),
    onChannelOpen: (forward, result, detail) => registry.opened(forward, result, detail),
    onSilence: (forward, silent) => registry.silence(forward, silent),
    metrics: countInto(counted),
    log: log.log,
    ...overrides,
  });
  const sockets: Socket[] = [];
  const port = await listen(t, server, sockets);
  t.teardown(() => {
    parts.heartbeat.close();
    if (!t.passing()) t.comment(log.lines.map((line) => JSON.stringify(line)).join('\n'));
  });
  return {
    ...parts,
    port,
    server,
    registry,
    sockets,
    logLines: log.lines,
    counted,
    forward: (label) => liveForward(registry, label),
    tunnel: (index = 0) => nthTunnel(server, index),
  };
}

const defaults = {
  envNameOf: (_identity: Identity, user: string): string => envSlug(user),
  urls: (): PublicUrls => fakeUrls,
  defaultAccess: 'private',
  widestAccess: 'public',
  contact: 'the team',
  loginGraceMs: 60_000,
  maxStartups: 100,
  maxStartupsPerSource: 100,
  onTooManyStartups: (): void => undefined,
  maxAuthTries: 6,
  maxForwards: 64,
  maxChannels: 1000,
  channelOpenTimeoutMs: 20_000,
} as const;

function countInto(counted: string[]): SshServerOptions['metrics'] {
  return {
    authenticated: (result) => counted.push(`authenticated ${result}`),
    tunnelOpened: () => counted.push('tunnel opened'),
    tunnelClosed: (reason) => counted.push(`tunnel closed: ${reason}`),
    forwardRefused: () => counted.push('forward refused'),
    takeover: () => counted.push('takeover'),
  };
}

/** As the real listener does it: half-open allowed, Nagle's algorithm off. */
async function listen(t: TestScope, server: SshServer, sockets: Socket[]): Promise<number> {
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket);
    server.accept(socket, socket.remoteAddress ?? '', socket.remotePort);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.teardown(async () => {
    server.destroy();
    listener.close();
    await once(listener, 'close');
  });
  return (listener.address() as AddressInfo).port;
}

async function liveForward(registry: Registry, label: string): Promise<Forward> {
  let found: Forward | undefined;
  await until(`a forward for ${label}`, () => {
    const resolution = registry.resolve(`${label}.${domain}`);
    found = resolution.kind === 'forward' ? resolution.forward : undefined;
    return found !== undefined;
  });
  if (found === undefined) throw new Error('unreachable');
  return found;
}

async function nthTunnel(server: SshServer, index: number): Promise<Tunnel> {
  await until(`tunnel ${String(index)}`, () => server.tunnels[index] !== undefined);
  const tunnel = server.tunnels[index];
  if (tunnel === undefined) throw new Error('unreachable');
  return tunnel;
}
