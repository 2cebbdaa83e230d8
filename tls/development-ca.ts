import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { Log } from '../core/log.ts';
import type { Authority } from './authority.ts';
import type { AuthorityStoreOptions } from './authority-store.ts';
import { authorityFiles, inStateDir, openAuthority, readIfThere } from './authority-store.ts';
import { newKey } from './authority.ts';
import type {
  CertificateDescription,
  CertificateEvent,
  CertificatePair,
  CertificateSource,
} from './certificate-source.ts';
import { issueLeaf, leafProblem, namesFor } from './leaf.ts';
import { certificateBlocks, keyBlock, pemBlocks } from './pem.ts';
import { replaceFile, secretMode } from './state-file.ts';

export interface DevelopmentCaOptions {
  readonly stateDir: string;
  /** In lower case. */
  readonly domain: string;
  /** Hosts that it is for too, wherever they are; in lower case. */
  readonly otherHosts?: readonly string[];
  readonly log: Log;
  readonly onEvent?: (event: CertificateEvent) => void;
  readonly now?: () => Date;
  readonly checkIntervalMs?: number;
}

interface Issued {
  readonly authority: Authority;
  readonly leaf: CertificatePair;
}

const dayMs = 24 * 60 * 60 * 1000;

/**
 * Opens the gateway's own certificate authority in the state directory, with a leaf for the domain and all hosts below it.
 * The files are `ca.pem`, for clients to trust, `ca.key`, and `leaf.pem`, which is the leaf and its key in one so that
 * they are replaced together. Throws ERR_CERTIFICATE and ERR_STATE_DIR.
 */
export async function openDevelopmentCa(options: DevelopmentCaOptions): Promise<CertificateSource> {
  const complete = {
    onEvent: (): void => undefined,
    now: () => new Date(),
    checkIntervalMs: dayMs,
    otherHosts: [],
    ...options,
  };
  return new DevelopmentCa(complete, await issue(complete));
}

class DevelopmentCa implements CertificateSource {
  readonly #options: Required<DevelopmentCaOptions>;
  readonly #listeners = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #issued: Issued;
  #refreshing: Promise<void> | undefined;

  constructor(options: Required<DevelopmentCaOptions>, issued: Issued) {
    this.#options = options;
    this.#issued = issued;
    this.#timer = setInterval(() => void this.refresh(), options.checkIntervalMs).unref();
  }

  get current(): CertificatePair {
    return this.#issued.leaf;
  }

  /**
   * TLS clients (those of OpenSSL, GnuTLS, Node and browsers) accept a wildcard only below two labels: `*.localhost`
   * counts for nothing. Where the domain has one label each host gets a certificate of its own.
   */
  forName(servername: string): CertificatePair | undefined {
    const { domain, now } = this.#options;
    if (domain.includes('.') || !isHostBelow(servername, domain)) return undefined;
    const { authority, leaf } = this.#issued;
    const names = [{ dns: servername }];
    const cert = issueLeaf(authority, { keyPem: leaf.key, host: servername, names }, now());
    return { cert, key: leaf.key };
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  describe(): CertificateDescription {
    const { validToDate, fingerprint256 } = new X509Certificate(this.current.cert);
    const { cert: caFile } = authorityFiles(this.#options.stateDir);
    return { kind: 'development', notAfter: validToDate, fingerprint256, caFile };
  }

  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  async #refresh(): Promise<void> {
    const { log, onEvent } = this.#options;
    try {
      const issued = await issue(this.#options);
      if (issued.leaf.cert === this.current.cert) return;
      this.#issued = issued;
      for (const listener of this.#listeners) listener();
      onEvent({ kind: 'changed' });
    } catch (error) {
      log.error({ err: error }, 'certificate not renewed: the old one stays in use');
      onEvent({ kind: 'refused' });
    }
  }
}

/** The authority and the leaf of the state directory, each made or replaced if it has to be. */
async function issue(options: Required<DevelopmentCaOptions>): Promise<Issued> {
  const { stateDir, domain, otherHosts, log, now } = options;
  const names = namesFor(domain, otherHosts);
  const authority = await openAuthority(options satisfies AuthorityStoreOptions);
  const path = join(stateDir, 'leaf.pem');
  const found = splitLeaf(await readIfThere(path));
  const why = found === undefined ? 'none' : leafProblem(found, { authority, names, now: now() });
  if (found !== undefined && why === undefined) return { authority, leaf: found };
  const key = newKey();
  const cert = issueLeaf(authority, { keyPem: key, host: domain, names }, now());
  await inStateDir(path, () => replaceFile(path, `${cert}${key}`, secretMode));
  log.info({ domain, why, notAfter: new X509Certificate(cert).validToDate }, 'certificate issued');
  return { authority, leaf: { cert, key } };
}

/** `undefined` for anything but a key and a certificate: such a leaf is made anew. */
function splitLeaf(text = ''): CertificatePair | undefined {
  const blocks = pemBlocks(text) ?? [];
  const [cert] = certificateBlocks(blocks);
  const key = keyBlock(blocks);
  return cert === undefined || key === undefined ? undefined : { cert, key: key.text };
}

/** Whether it is a host name one label below the domain. */
function isHostBelow(servername: string, domain: string): boolean {
  const label = servername.slice(0, -domain.length - 1);
  return servername === `${label}.${domain}` && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label);
}
