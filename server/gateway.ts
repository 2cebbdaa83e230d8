import { setTimeout as delay } from 'node:timers/promises';
import { Latch, type Closable } from '../core/lifecycle.ts';
import type { Log } from '../core/log.ts';
import { notifySystemd, type ServiceState } from '../core/sd-notify.ts';
import type { CertificateSource } from '../tls/certificate-source.ts';
import type { Config } from './config/keys.ts';
import { Drain, farewell } from './drain.ts';
import type { Entrances } from './entrances.ts';
import type { Places } from './handover/message.ts';
import type { Grant } from './handover/successor.ts';
import type { Admissions } from './identity/admission.ts';
import type { UnusedKeys } from './identity/unused-keys.ts';
import type { MetricsEndpoint } from './metrics/endpoint.ts';
import type { Parts } from './parts.ts';
import type { PublicUrls } from './routing/public-urls.ts';
import { knownHostsLine, type HostKey } from './ssh/host-key.ts';
import type { StateDir } from './state-dir.ts';
import type { Stores } from './store/stores.ts';
import type { VisitParts } from './visit-parts.ts';

/** For those who watch their session to read why it ends. */
const farewellMs = 500;

/** A gateway that serves. */
export interface Gateway extends Closable {
  /** `HOST:PORT` of each shared entrance, with the port that the system chose. */
  readonly addresses: readonly string[];
  readonly urls: PublicUrls;
  readonly hostKey: HostKey;
  /** False from the moment that it takes nothing new. */
  readonly serving: boolean;
  /** The line for a client's known_hosts. */
  readonly knownHosts: string;
  /** The authority that clients must trust, if it is of the gateway's own making. */
  readonly caFile: string | undefined;
}

/** All that a running gateway has to end. */
export interface Running extends Parts {
  readonly config: Config;
  readonly log: Log;
  readonly stores: Stores;
  readonly visit: VisitParts;
  readonly unusedKeys: UnusedKeys;
  readonly stateDir: StateDir;
  readonly certificates: CertificateSource;
  readonly hostKey: HostKey;
  readonly admissions: Admissions;
  readonly entrances: Entrances;
  readonly endpoint: MetricsEndpoint | undefined;
  /** The process that this one took over from. */
  readonly predecessor: Grant | undefined;
}

/** A gateway that serves: tells where, drains, and ends. */
export class RunningGateway implements Gateway {
  readonly #parts: Running;
  readonly #ended = new Latch<string>();
  #closing: 'shutdown' | 'replaced' | undefined;

  constructor(parts: Running) {
    this.#parts = parts;
    this.#announce();
    parts.importWatch.start();
    parts.targetUpkeep.start();
    parts.visit.access.start();
    const { predecessor, urls } = parts;
    const mainPid = predecessor === undefined ? {} : { mainPid: process.pid };
    this.#notify({ ready: true, status: `serving ${urls.rootUrl}`, ...mainPid });
  }

  get serving(): boolean {
    return this.#closing === undefined;
  }

  get addresses(): readonly string[] {
    return this.#parts.entrances.addresses('any');
  }

  /** Where it listens, for a successor; undefined when it ends. */
  get places(): Places | undefined {
    if (!this.serving) return undefined;
    const { entrances, endpoint } = this.#parts;
    return {
      shared: [...entrances.taken('any')],
      ssh: [...entrances.taken('ssh')],
      http: [...entrances.taken('http')],
      metrics: endpoint === undefined ? [] : [endpoint.taken],
    };
  }

  get urls(): PublicUrls {
    return this.#parts.urls;
  }

  get hostKey(): HostKey {
    return this.#parts.hostKey;
  }

  get knownHosts(): string {
    const { config, hostKey, entrances } = this.#parts;
    return knownHostsLine(hostKey, config.domain, config.publicUrl?.port ?? entrances.port('any') ?? 22);
  }

  get caFile(): string | undefined {
    return this.#parts.certificates.describe().caFile;
  }

  get closed(): Promise<string> {
    return this.#ended.promise;
  }

  /** Takes nothing new, lets running requests and upgrades finish for `grace`, then ends the tunnels. */
  async close(): Promise<void> {
    if (this.#closing !== undefined) return this.closed.then(() => undefined);
    this.#closing = 'shutdown';
    this.#notify({ stopping: true, status: 'draining' });
    const { readiness, entrances, importWatch, visit } = this.#parts;
    readiness.ready = false;
    importWatch.close();
    visit.access.release();
    await entrances.close();
    await this.#drain(false);
  }

  /** A successor listens beside this gateway and serves: settles when what only one may have is free; the rest is a drain. */
  async handOver(): Promise<void> {
    const { readiness, entrances, endpoint, importWatch, visit, stores, stateDir, certificates, log } =
      this.#parts;
    const isFirst = this.#closing === undefined;
    this.#closing = 'replaced';
    readiness.ready = false;
    importWatch.close();
    visit.access.release();
    await stores.release();
    // Renewals are the successor's from now on.
    certificates.close();
    stateDir.release();
    if (!isFirst) return;
    log.info('replaced by a successor: draining');
    void endpoint?.close();
    void entrances.closeAfterLast().then(() => this.#drain(true));
  }

  async #drain(replaced: boolean): Promise<void> {
    const { config, log, stores, ssh } = this.#parts;
    const { graceMs, holdMs } = config;
    await new Drain(this.#parts, { graceMs, holdMs, replaced, log }).run();
    if (this.#ended.settled) return;
    // What is online now comes back when there is a gateway again.
    await stores.release();
    const told = ssh.tunnels.length;
    ssh.end(farewell(replaced));
    if (told > 0) await delay(farewellMs);
    this.destroy(replaced ? 'replaced' : 'closed');
  }

  destroy(reason: string): void {
    if (!this.#ended.settle(reason)) return;
    const {
      entrances,
      ingress,
      gate,
      ssh,
      demuxer,
      endpoint,
      certificates,
      admissions,
      heartbeat,
      importWatch,
      targetUpkeep,
      metrics,
      stores,
      unusedKeys,
      visit,
      stateDir,
    } = this.#parts;
    importWatch.close();
    targetUpkeep.stop();
    // First: what ends from here on is no news.
    unusedKeys.close();
    visit.close();
    void stores.close();
    entrances.destroy(reason);
    demuxer.destroy(reason);
    ingress.destroy(reason);
    gate.close(reason);
    ssh.destroy();
    endpoint?.destroy(reason);
    certificates.close();
    admissions.close();
    heartbeat.close();
    metrics.close();
    stateDir.close();
  }

  #notify(state: ServiceState): void {
    void notifySystemd(state).then((notified) => {
      if (typeof notified === 'object') this.#parts.log.warn(notified, 'systemd was not told');
    });
  }

  #announce(): void {
    const { log, entrances, endpoint, urls, hostKey, certificates, config, predecessor } = this.#parts;
    const certificate = certificates.describe();
    log.info(
      {
        addresses: entrances.addresses('any'),
        ssh: entrances.addresses('ssh'),
        http: entrances.addresses('http'),
        ...(endpoint && { metrics: `${endpoint.address.address}:${String(endpoint.address.port)}` }),
        url: urls.rootUrl,
        hostKey: hostKey.fingerprint,
        knownHosts: this.knownHosts,
        certificate: {
          kind: certificate.kind,
          notAfter: certificate.notAfter,
          ...(certificate.caFile !== undefined && { caFile: certificate.caFile }),
        },
        stateDir: config.stateDir,
        ...(predecessor && { replaced: { pid: predecessor.pid, version: predecessor.version } }),
      },
      'listening',
    );
  }
}
