import { setTimeout as delay } from 'node:timers/promises';
import { Latch, type Closable } from '../core/lifecycle.ts';
import type { Log } from '../core/log.ts';
import type { CertificateSource } from '../tls/certificate-source.ts';
import type { Config } from './config/keys.ts';
import type { Entrances } from './entrances.ts';
import type { Admissions } from './identity/admission.ts';
import type { MetricsEndpoint } from './metrics/endpoint.ts';
import type { Parts } from './parts.ts';
import type { PublicUrls } from './routing/public-urls.ts';
import { knownHostsLine, type HostKey } from './ssh/host-key.ts';
import type { StateDir } from './state-dir.ts';

/** For those who watch their session to read why it ends. */
const farewellMs = 500;

/** A gateway that serves. */
export interface Gateway extends Closable {
  /** `HOST:PORT` of each shared entrance, with the port that the system chose. */
  readonly addresses: readonly string[];
  readonly urls: PublicUrls;
  readonly hostKey: HostKey;
  /** The line for a client's known_hosts. */
  readonly knownHosts: string;
  /** The authority that clients must trust, if it is of the gateway's own making. */
  readonly caFile: string | undefined;
}

/** All that a running gateway has to end. */
export interface Running extends Parts {
  readonly config: Config;
  readonly log: Log;
  readonly stateDir: StateDir;
  readonly certificates: CertificateSource;
  readonly hostKey: HostKey;
  readonly admissions: Admissions;
  readonly entrances: Entrances;
  readonly endpoint: MetricsEndpoint | undefined;
}

/** A gateway that serves: tells where, drains, and ends. */
export class RunningGateway implements Gateway {
  readonly #parts: Running;
  readonly #ended = new Latch<string>();
  #closing = false;

  constructor(parts: Running) {
    this.#parts = parts;
    this.#announce();
  }

  get addresses(): readonly string[] {
    return this.#parts.entrances.addresses('any');
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
    if (this.#closing) return this.closed.then(() => undefined);
    this.#closing = true;
    const { readiness, entrances, ingress, config, ssh } = this.#parts;
    readiness.ready = false;
    await entrances.close();
    await ingress.close(config.graceMs);
    if (this.#ended.settled) return;
    ssh.end('the gateway is shutting down');
    await delay(farewellMs);
    this.destroy('closed');
  }

  destroy(reason: string): void {
    if (!this.#ended.settle(reason)) return;
    const {
      entrances,
      ingress,
      ssh,
      demuxer,
      endpoint,
      certificates,
      admissions,
      heartbeat,
      metrics,
      stateDir,
    } = this.#parts;
    entrances.destroy(reason);
    demuxer.destroy(reason);
    ingress.destroy(reason);
    ssh.destroy();
    endpoint?.destroy(reason);
    certificates.close();
    admissions.close();
    heartbeat.close();
    metrics.close();
    stateDir.close();
  }

  #announce(): void {
    const { log, entrances, endpoint, urls, hostKey, certificates, config } = this.#parts;
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
      },
      'listening',
    );
  }
}
