import type { Log } from '../core/log.ts';
import type { CertificateSource } from '../tls/certificate-source.ts';
import type { DemuxerEvent } from '../tls/demuxer-event.ts';
import { Demuxer } from '../tls/demuxer.ts';
import { parseNetworks } from '../tls/networks.ts';
import type { AccessParts } from './access-parts.ts';
import { ownerMark } from './access/owner-mark.ts';
import { StandingLinks } from './access/standing-links.ts';
import type { Admin } from './admin/admin.ts';
import { makeAdmin, makeImports } from './administration.ts';
import { apiEndpoints } from './api-parts.ts';
import type { Config } from './config/keys.ts';
import type { Entrances } from './entrances.ts';
import { makeGateParts } from './gate-parts.ts';
import type { Gate } from './gate/gate.ts';
import type { Admissions } from './identity/admission.ts';
import type { Identity } from './identity/identity.ts';
import { ImportWatch } from './identity/import-watch.ts';
import type { CertificateIssuer } from './identity/issuer.ts';
import type { KeyFile } from './identity/key-file.ts';
import type { OwnEndpoint } from './pages/own-endpoint.ts';
import { createIngress, type Ingress } from './ingress/ingress.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { publicAddress, publicUrls } from './public-address.ts';
import { sessionUrls, withStandingLinks } from './session-urls.ts';
import type { PublicUrls } from './routing/public-urls.ts';
import type { Registry } from './routing/registry.ts';
import { RequestFeed } from './routing/request-feed.ts';
import { keyStates, noteLogin } from './key-life.ts';
import { makePenalties } from './login-penalties.ts';
import type { HostKey } from './ssh/host-key.ts';
import { Refusals } from './ssh/refusals.ts';
import { SshServer } from './ssh/ssh-server.ts';
import type { Stores } from './store/stores.ts';
import type { TargetUpkeep } from './targets/target-upkeep.ts';
import { Heartbeat } from './tunnel/heartbeat.ts';

/** Requests in flight for all environments together. */
const maxRequestsTotal = 16_384;
/** What the requests that wait for a tunnel may keep in memory, of one environment and in all. */
const maxHeldBytesPerEnv = 32 * 1024 * 1024;
const maxHeldBytes = 128 * 1024 * 1024;
/** How long a visitor's idle connection is kept. */
const keepAliveMs = 75_000;

/** What must be there before the parts can be made. */
export interface Foundations {
  readonly config: Config;
  readonly log: Log;
  readonly logLinesDropped: () => number;
  readonly hostKey: HostKey;
  readonly shareKey: Buffer;
  readonly admissions: Admissions;
  readonly issuer: CertificateIssuer;
  /** The operator's file of keys, if there is one. */
  readonly keyFile: KeyFile | undefined;
  readonly envNameOf: (identity: Identity, user: string) => string;
  readonly certificates: CertificateSource;
  readonly entrances: Entrances;
  /** With nothing in it yet. */
  readonly registry: Registry;
  /** What decides who may visit. */
  readonly access: AccessParts;
  readonly hasLoginProviders: () => boolean;
  /** What other parts serve below `/_porthole/`. */
  readonly endpoints: readonly OwnEndpoint[];
  /** What is known beyond the life of the process. */
  readonly stores: Stores;
}

/** The parts of a gateway, connected to each other. */
export interface Parts {
  readonly registry: Registry;
  readonly heartbeat: Heartbeat;
  readonly ssh: SshServer;
  readonly importWatch: ImportWatch;
  readonly gate: Gate;
  readonly targetUpkeep: TargetUpkeep;
  readonly ingress: Ingress;
  readonly demuxer: Demuxer;
  readonly metrics: Metrics;
  readonly urls: PublicUrls;
  readonly readiness: { ready: boolean };
}

/** Makes the parts and fills in the interfaces by which they know of each other. Nothing is opened. */
export function connectParts(base: Foundations): Parts {
  const { config, registry } = base;
  const heartbeat = new Heartbeat({ intervalMs: config.keepaliveIntervalMs, misses: config.keepaliveMisses });
  const feed = new RequestFeed();
  const urls = publicUrls(config, base.entrances);
  const readiness = { ready: true };
  const metrics: Metrics = createMetrics({
    gauges: {
      tunnels: () => ssh.tunnels.filter((tunnel) => tunnel.forwards.length > 0).length,
      channels: () => sum(ssh.tunnels.map((tunnel) => tunnel.channelCount)),
      bufferedBytes: () => sum(ssh.tunnels.map((tunnel) => tunnel.bufferedBytes)),
      environments: () => registry.stateCounts(),
      keys: () => keyStates(base.stores, config),
      requestsInFlight: () => ingress.inFlight,
      gateSessions: () => gate.sessionCount,
      heldRequests: () => registry.heldCount,
      heldBytes: () => ingress.heldBytes,
      pendingSockets: () => demuxer.pending + ssh.pendingLogins,
      certificateExpiresAt: () => base.certificates.describe().notAfter.getTime(),
      logLinesDropped: base.logLinesDropped,
    },
  });
  const gateParts = makeGateParts({ ...base, metrics });
  const { gate, upkeep: targetUpkeep } = gateParts;
  const imports = makeImports(base);
  const importWatch = new ImportWatch({ imports, intervalMs: config.keyImportIntervalMs, log: base.log });
  const admin = makeAdmin({
    ...base,
    gate: gateParts,
    tunnels: () => ssh.tunnels,
    imports,
    urls,
    address: () => ({ host: config.domain, port: publicAddress(config, base.entrances).port }),
    tunnelsOf: (env) =>
      ssh.tunnels
        .filter(({ forwards }) => forwards.some(({ route }) => route.env === env))
        .map((tunnel) => ({ end: (reason) => ssh.withdrawTunnel(tunnel, reason) })),
  });
  const ssh: SshServer = makeSshServer({ ...base, heartbeat, feed, urls, metrics, admin, gate });
  const endpoints = [...base.endpoints, ...apiEndpoints({ admin, access: base.access })];
  const ingress: Ingress = makeIngress({ ...base, endpoints, feed, urls, metrics, readiness });
  const demuxer: Demuxer = makeDemuxer({ ...base, ssh, ingress, metrics });
  const served = { registry, heartbeat, ssh, gate, ingress, demuxer };
  return { ...served, importWatch, targetUpkeep, metrics, urls, readiness };
}

function makeSshServer(
  base: Foundations & {
    heartbeat: Heartbeat;
    feed: RequestFeed;
    urls: PublicUrls;
    metrics: Metrics;
    admin: Admin;
    gate: Gate;
  },
): SshServer {
  const { config, registry, log, metrics } = base;
  const { grantKey, grants } = base.access;
  const links = new StandingLinks({ grants, ttlMs: config.shareTtlMs, log });
  const urls = sessionUrls({ urls: base.urls, links, grantKey });
  return new SshServer({
    hostKey: base.hostKey,
    admissions: base.admissions,
    envNameOf: base.envNameOf,
    routes: withStandingLinks(registry, links),
    environments: registry,
    admin: base.admin,
    jumps: base.gate,
    onForwardEnd: (forward, ending) => {
      registry.remove(forward, ending);
      log.info({ tunnelId: forward.tunnelId, ...forward.route, ...ending }, 'forward gone');
    },
    onChannelOpen: (forward, result, detail) => {
      metrics.channelOpened(result);
      registry.opened(forward, result, detail);
    },
    onDraining: (forward) => registry.refresh(forward),
    onSilence: (forward, silent) => registry.silence(forward, silent),
    heartbeat: base.heartbeat,
    feed: base.feed,
    urls: () => urls,
    refusals: new Refusals(),
    defaultAccess: config.access,
    widestAccess: config.widestAccess,
    contact: config.contact,
    loginGraceMs: config.loginGraceMs,
    maxStartups: config.maxStartups,
    maxStartupsPerSource: config.maxStartupsPerSource,
    maxAuthTries: config.maxAuthTries,
    maxForwards: config.maxForwards,
    maxChannels: config.maxChannels,
    channelOpenTimeoutMs: config.channelOpenTimeoutMs,
    onTooManyStartups: (remote) => {
      metrics.connection('ssh-startups-exceeded');
      log.warn({ remote }, 'too many connections are logging in: one was refused');
    },
    penalties: makePenalties(base),
    onPenalised: () => {
      metrics.connection('penalised');
    },
    onLogin: (outcome) => {
      noteLogin(base.stores, outcome);
    },
    audit: base.stores.audit,
    metrics,
    log,
  });
}

function makeIngress(
  base: Foundations & {
    feed: RequestFeed;
    urls: PublicUrls;
    metrics: Metrics;
    readiness: { ready: boolean };
  },
): Ingress {
  const { config, feed, log, metrics } = base;
  const trustedProxies = parseNetworks(config.trustedProxies);
  return createIngress({
    router: base.registry,
    doorkeeper: base.access.doorkeeper,
    mayRead: (origin, env) => base.access.mayRead(origin, env),
    log,
    metrics,
    limits: {
      headerTimeoutMs: config.headerTimeoutMs,
      maxHeaderBytes: config.maxHeaderBytes,
      responseTimeoutMs: config.responseTimeoutMs,
      idleTimeoutMs: config.idleTimeoutMs,
      streamIdleTimeoutMs: config.streamIdleTimeoutMs,
      holdMs: config.holdMs,
      maxHeldBytesPerEnv,
      maxHeldBytes,
      maxRequests: config.maxRequests,
      maxRequestsTotal,
      keepAliveMs,
      tlsHandshakeTimeoutMs: config.tlsHandshakeTimeoutMs,
    },
    domain: config.domain,
    adminDomain: config.adminDomain,
    publicAddress: publicAddress(config, base.entrances),
    endpoints: base.endpoints,
    publicByDefault: config.access === 'public',
    ownerMark: (owned) => ownerMark(base.shareKey, owned),
    isTrustedProxy: (address) => trustedProxies.contains(address),
    ready: () => base.readiness.ready,
    onRequest: (entry) => {
      const { env } = entry;
      if (env !== undefined) feed.publish({ ...entry, env });
    },
    now: Date.now,
  });
}

function makeDemuxer(base: Foundations & { ssh: SshServer; ingress: Ingress; metrics: Metrics }): Demuxer {
  const { config, ssh, ingress, metrics, log } = base;
  return new Demuxer({
    certificates: base.certificates,
    proxyNetworks: parseNetworks(config.proxyProtocol),
    sniffTimeoutMs: config.sniffTimeoutMs,
    tlsHandshakeTimeoutMs: config.tlsHandshakeTimeoutMs,
    loginRoom: (address) => ssh.loginRoom(address),
    isBlocked: (address) => ssh.isBlocked(address),
    handlers: {
      onSsh: (socket, info) => {
        ssh.accept(socket, info.remoteAddress, info.remotePort);
      },
      onHttp: (socket, info) => {
        ingress.handleHttp1(socket, info);
      },
      onHttp2: (socket, info) => {
        ingress.handleHttp2(socket, info);
      },
      onPlainHttp: (socket, info) => {
        ingress.handlePlainHttp(socket, info);
      },
    },
    onEvent: (event) => {
      metrics.connection(kindOf(event));
      if (event.kind === 'failed') log.error({ err: event.error }, 'a connection failed inside the gateway');
      if (event.kind === 'handshake-failed') log.debug({ code: event.code }, 'TLS handshake failed');
    },
  });
}

function kindOf(event: DemuxerEvent): string {
  if (event.kind === 'sniffed') return `${event.as}${event.secure ? '-in-tls' : ''}`;
  return event.kind === 'lost' ? event.why : event.kind;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
