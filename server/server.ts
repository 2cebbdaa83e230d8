import type { Log } from '../core/log.ts';
import { envSlug, openEnvName } from '../core/names.ts';
import type { CertificateSource } from '../tls/certificate-source.ts';
import { openCertificateFiles } from '../tls/certificates.ts';
import { loadShareKey } from './access/share-key.ts';
import type { Config } from './config/keys.ts';
import { Entrances } from './entrances.ts';
import { RunningGateway, type Gateway } from './gateway.ts';
import { OpenAdmissions, type Admissions } from './identity/admission.ts';
import type { Identity } from './identity/identity.ts';
import { KeyFile } from './identity/key-file.ts';
import { MetricsEndpoint } from './metrics/endpoint.ts';
import { connectParts, type Parts } from './parts.ts';
import { loadHostKey } from './ssh/host-key.ts';
import { claimStateDir } from './state-dir.ts';

export interface StartOptions {
  readonly log: Log;
  /** Who may dial in, where that is not what the configuration says. */
  readonly admissions?: Admissions;
  readonly envNameOf?: (identity: Identity, user: string) => string;
  /** For the metrics. */
  readonly logLinesDropped?: () => number;
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
  const stateDir = await claimStateDir(config.stateDir);
  opened.push(() => {
    stateDir.close();
  });
  const certificates = await openCertificates(config, log);
  opened.push(() => {
    certificates.close();
  });
  const hostKey = loadHostKey(stateDir.path);
  const shareKey = await loadShareKey(stateDir.path);
  const admissions = options.admissions ?? openAdmissions(config, log);
  opened.push(() => {
    admissions.close();
  });
  const entrances = new Entrances(log);
  opened.push(() => {
    entrances.destroy('the start failed');
  });
  await entrances.listen({ shared: config.listen, ssh: config.sshListen, http: config.httpListen });
  const envNameOf = options.envNameOf ?? envNaming(config);
  const logLinesDropped = options.logLinesDropped ?? (() => 0);
  const parts = connectParts({
    config,
    log,
    logLinesDropped,
    hostKey,
    shareKey,
    admissions,
    envNameOf,
    certificates,
    entrances,
  });
  opened.push(() => {
    parts.ingress.destroy('the start failed');
  });
  const endpoint = await openMetricsEndpoint(config, parts, log);
  entrances.open(parts.demuxer);
  return new RunningGateway({
    config,
    log,
    stateDir,
    certificates,
    hostKey,
    admissions,
    entrances,
    endpoint,
    ...parts,
  });
}

async function openCertificates(config: Config, log: Log): Promise<CertificateSource> {
  const { tlsCert, tlsKey, domain, stateDir } = config;
  if (tlsCert === undefined || tlsKey === undefined) {
    // Not needed by those who bring a certificate, and slow to load.
    const { openDevelopmentCa } = await import('../tls/development-ca.ts');
    return openDevelopmentCa({ stateDir, domain, log });
  }
  return openCertificateFiles({ certFile: tlsCert, keyFile: tlsKey, domain, log });
}

function openAdmissions(config: Config, log: Log): Admissions {
  if (config.admission === 'open') return new OpenAdmissions();
  if (config.authorizedKeys !== undefined) return new KeyFile({ path: config.authorizedKeys, log });
  log.warn(
    'nobody may dial in: name a file of keys with --authorized-keys, or let anybody in with --admission open',
  );
  return new KeyFile({ path: '/dev/null', log });
}

/** With open admission a name carries the key's id, so that nobody can take another's. */
function envNaming(config: Config): (identity: Identity, user: string) => string {
  return config.admission === 'open'
    ? (identity, user) => openEnvName(user, identity.keyId)
    : (_identity, user) => envSlug(user);
}

async function openMetricsEndpoint(
  config: Config,
  parts: Parts,
  log: Log,
): Promise<MetricsEndpoint | undefined> {
  if (config.metricsListen === undefined) return undefined;
  return MetricsEndpoint.open({
    ...config.metricsListen,
    contentType: parts.metrics.contentType,
    text: () => parts.metrics.text(),
    ready: () => parts.readiness.ready,
    alive: () => true,
    headerTimeoutMs: config.headerTimeoutMs,
    log,
  });
}
