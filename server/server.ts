import type { Socket } from 'node:net';
import type { Log } from '../core/log.ts';
import { envSlug, openEnvName } from '../core/names.ts';
import type { CertificateSource } from '../tls/certificate-source.ts';
import { openCertificateFiles } from '../tls/certificates.ts';
import { loadShareKey } from './access/share-key.ts';
import { openCertificateParts, withoutRevoked, type CertificateParts } from './certificate-parts.ts';
import type { Config } from './config/keys.ts';
import { Entrances, type EntranceTarget } from './entrances.ts';
import { RunningGateway, type Gateway } from './gateway.ts';
import { joinTargets } from './handover/join.ts';
import type { PassedSockets } from './handover/listen-fds.ts';
import type { Places } from './handover/message.ts';
import { Predecessor } from './handover/predecessor.ts';
import { claimFrom, enter } from './handover/succession.ts';
import type { Grant } from './handover/successor.ts';
import { OpenAdmissions, type Admissions } from './identity/admission.ts';
import type { Identity } from './identity/identity.ts';
import { KeyFile } from './identity/key-file.ts';
import { isUsable } from './identity/key-state.ts';
import { CombinedAdmissions } from './identity/known-keys.ts';
import { watchUnusedKeys } from './key-life.ts';
import { MetricsEndpoint } from './metrics/endpoint.ts';
import { connectParts, type Parts } from './parts.ts';
import { makeRegistry, maxRemembered } from './routing-table.ts';
import { loadHostKey } from './ssh/host-key.ts';
import { StateDir } from './state-dir.ts';
import { Stores } from './store/stores.ts';
import { TunnelKeys } from './access/tunnel-keys.ts';
import { openVisitParts } from './visit-parts.ts';
import { packageVersion } from '../core/version.ts';

export interface StartOptions {
  readonly log: Log;
  /** Who may dial in, where that is not what the configuration says. */
  readonly admissions?: Admissions;
  readonly envNameOf?: (identity: Identity, user: string) => string;
  /** For the metrics. */
  readonly logLinesDropped?: () => number;
  /** Take over from the process that runs on the same state directory. */
  readonly replace?: boolean;
  /** Sockets that listen already, instead of addresses. */
  readonly sockets?: PassedSockets | undefined;
}

/** Makes all parts of the gateway and connects them. Rejects with a `PortholeError` that says what is wrong; nothing is left behind. */
export async function startGateway(config: Config, options: StartOptions): Promise<Gateway> {
  const opened: (() => void)[] = [];
  try {
    return await assemble(config, options, opened);
  } catch (error) {
    for (const undo of opened.reverse()) undo();
    throw error;
  }
}

async function assemble(config: Config, options: StartOptions, opened: (() => void)[]): Promise<Gateway> {
  const { log } = options;
  const succession = await openSuccession(config, options, opened);
  const { stateDir, predecessor } = succession;
  const keyFile = openKeyFile(config, log);
  opened.push(() => keyFile?.close());
  const stores = await openStores(config, { stateDir: stateDir.path, keyFile, log });
  opened.push(() => {
    void stores.close();
  });
  const certificates = await openCertificates(config, log);
  opened.push(() => {
    certificates.close();
  });
  const hostKey = loadHostKey(stateDir.path);
  const shareKey = await loadShareKey(stateDir.path);
  const certificateParts = openCertificateParts(config, {
    stateDir: stateDir.path,
    records: stores.certificates,
    known: { stored: stores.keys, file: keyFile },
    log,
  });
  opened.push(() => {
    certificateParts.close();
  });
  const { issuer } = certificateParts;
  const known = { stores, keyFile, certificateParts, log };
  const admissions = options.admissions ?? openAdmissions(config, known);
  opened.push(() => {
    admissions.close();
  });
  const remembered = await stores.environments.recall();
  const targets = targetsOf(config, predecessor?.places, options.sockets);
  const entrances = new Entrances(log);
  opened.push(() => {
    entrances.destroy('the start failed');
  });
  await entrances.listen(targets);
  const envNameOf = options.envNameOf ?? envNaming(config);
  const logLinesDropped = options.logLinesDropped ?? (() => 0);
  const registry = makeRegistry(config, { stores, log });
  const visit = await openVisitParts(config, {
    ...{ stateDir: stateDir.path, stores, keyFile, certificateParts, registry, entrances, issuer, log },
    grantKey: shareKey,
    machines: new TunnelKeys({
      shown: (env) => parts.ssh.keysOf(env),
      ownerOf: (env) => registry.view(env)?.owner,
    }),
  });
  opened.push(() => {
    visit.close();
  });
  const foundations = { config, log, logLinesDropped, hostKey, shareKey, admissions, issuer, envNameOf };
  const parts: Parts = connectParts({
    ...{ ...foundations, keyFile, certificates, entrances, stores, registry, access: visit.access },
    hasLoginProviders: visit.hasLoginProviders,
    endpoints: visit.endpoints,
  });
  opened.push(() => {
    parts.ingress.destroy('the start failed');
  });
  const unusedKeys = watchUnusedKeys({ config, stores, ssh: parts.ssh, log });
  opened.push(() => {
    unusedKeys.close();
  });
  const endpoint = await openMetricsEndpoint(config, { parts, target: targets.metrics[0], log });
  opened.push(() => endpoint?.destroy('the start failed'));
  // From here on nothing may fail: the predecessor goes. It writes the last of what it knows, for which connections that come meanwhile wait.
  await succession.complete();
  if (predecessor !== undefined) await stores.reload();
  parts.registry.recall(
    predecessor === undefined ? remembered : await stores.environments.recall().catch(() => remembered),
  );
  parts.registry.recallFormer(await stores.environments.recallFormer().catch(() => []));
  entrances.open(parts.demuxer);
  const all = {
    ...foundations,
    ...parts,
    stores,
    visit,
    unusedKeys,
    stateDir,
    certificates,
    entrances,
    endpoint,
    predecessor,
  };
  const gateway = new RunningGateway(all);
  void gateway.closed.then(() => {
    certificateParts.close();
  });
  succession.settle(gateway);
  return gateway;
}

interface Succession {
  readonly stateDir: StateDir;
  /** The process that this one takes over from. */
  readonly predecessor: Grant | undefined;
  /** Has the predecessor let go, and claims the directory. */
  complete(): Promise<void>;
  /** From now on another process may take over from this gateway. */
  settle(gateway: RunningGateway): void;
}

async function openSuccession(
  config: Config,
  { log, replace = false }: StartOptions,
  opened: (() => void)[],
): Promise<Succession> {
  const stateDir = new StateDir(config.stateDir);
  opened.push(() => {
    stateDir.close();
  });
  const version = packageVersion();
  const running: { gateway?: RunningGateway } = {};
  const own = new Predecessor({
    version,
    places: () => running.gateway?.places,
    onServing: async () => running.gateway?.handOver(),
    log,
  });
  const onPeer = (socket: Socket): void => {
    own.receive(socket);
  };
  const predecessor = await enter(stateDir, { replace, version, onPeer });
  opened.push(() => predecessor?.abandon());
  return {
    stateDir,
    predecessor,
    complete: async () => {
      if (predecessor !== undefined) await claimFrom(predecessor, stateDir, onPeer);
    },
    settle: (gateway) => {
      running.gateway = gateway;
      void gateway.closed.then(() => {
        own.close();
      });
    },
  };
}

type Targets = Record<keyof Places, readonly EntranceTarget[]>;

function targetsOf(config: Config, taken: Places | undefined, passed: PassedSockets | undefined): Targets {
  const { listen, sshListen, httpListen, metricsListen } = config;
  return {
    shared: joinTargets(listen, taken?.shared ?? [], passed?.shared ?? []),
    ssh: joinTargets(sshListen, taken?.ssh ?? [], passed?.ssh ?? []),
    http: joinTargets(httpListen, taken?.http ?? [], passed?.http ?? []),
    metrics: joinTargets(
      metricsListen === undefined ? [] : [metricsListen],
      taken?.metrics ?? [],
      passed?.metrics ?? [],
    ),
  };
}

function openKeyFile({ authorizedKeys: path }: Config, log: Log): KeyFile | undefined {
  return path === undefined ? undefined : new KeyFile({ path, log });
}

interface KeySources {
  readonly keyFile: KeyFile | undefined;
  readonly log: Log;
}

function openStores(
  { claimTtlMs, auditRetentionMs }: Config,
  { stateDir, keyFile, log }: KeySources & { readonly stateDir: string },
): Promise<Stores> {
  const otherAdmins = (): readonly string[] => keyFile?.admins() ?? [];
  return Stores.open({ stateDir, log, claimTtlMs, maxRemembered, auditRetentionMs, otherAdmins });
}

async function openCertificates(config: Config, log: Log): Promise<CertificateSource> {
  const { tlsCert, tlsKey, domain, adminDomain, stateDir } = config;
  const otherHosts = adminDomain === undefined ? [] : [adminDomain];
  if (tlsCert === undefined || tlsKey === undefined) {
    // Not needed by those who bring a certificate, and slow to load.
    const { openDevelopmentCa } = await import('../tls/development-ca.ts');
    return openDevelopmentCa({ stateDir, domain, otherHosts, log });
  }
  return openCertificateFiles({ certFile: tlsCert, keyFile: tlsKey, domain, otherHosts, log });
}

function openAdmissions(
  config: Config,
  {
    stores,
    keyFile,
    certificateParts,
    log,
  }: KeySources & { stores: Stores; certificateParts: CertificateParts },
): Admissions {
  const { admission, userCa } = config;
  const open = admission === 'open' ? new OpenAdmissions() : undefined;
  const now = Date.now();
  const mayAnybody = (open ?? keyFile) !== undefined || userCa.length > 0;
  if (!mayAnybody && ![...stores.keys.all()].some((key) => isUsable(key, now))) {
    log.warn(
      'nobody may dial in: add a key with portholed admin add KEYFILE, name a file of keys with --authorized-keys, or let anybody in with --admission open',
    );
  }
  const { admissions: certificates, revoked } = certificateParts;
  const combined = new CombinedAdmissions({ stored: stores.keys, file: keyFile, certificates, open });
  return withoutRevoked(combined, revoked);
}

/** With open admission a name carries the key's id, so that nobody can take another's. */
function envNaming(config: Config): (identity: Identity, user: string) => string {
  return config.admission === 'open'
    ? (identity, user) => openEnvName(user, identity.keyId)
    : (_identity, user) => envSlug(user);
}

async function openMetricsEndpoint(
  config: Config,
  { parts, target, log }: { parts: Parts; target: EntranceTarget | undefined; log: Log },
): Promise<MetricsEndpoint | undefined> {
  if (target === undefined) return undefined;
  return MetricsEndpoint.open({
    listen: target,
    contentType: parts.metrics.contentType,
    text: () => parts.metrics.text(),
    ready: () => parts.readiness.ready,
    alive: () => true,
    headerTimeoutMs: config.headerTimeoutMs,
    log,
  });
}
