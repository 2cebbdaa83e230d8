import type { X509Certificate } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { PortholeError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Parsed } from '../core/parsed.ts';
import { problem } from '../core/parsed.ts';
import type { CheckedCertificate } from './certificate-check.ts';
import { checkCertificate, dateWarnings } from './certificate-check.ts';
import type {
  CertificateDescription,
  CertificateEvent,
  CertificatePair,
  CertificateSource,
} from './certificate-source.ts';

export interface CertificateFilesOptions {
  /** PEM: the leaf, then its chain. */
  readonly certFile: string;
  /** PEM, not encrypted. */
  readonly keyFile: string;
  /** What it should be valid for, with all hosts one label below. */
  readonly domain: string;
  /** Hosts that it should be valid for too. */
  readonly otherHosts?: readonly string[];
  readonly log: Log;
  readonly onEvent?: (event: CertificateEvent) => void;
  readonly now?: () => Date;
  readonly pollIntervalMs?: number;
}

type Options = Required<CertificateFilesOptions>;

/** What changes whenever a file is written, replaced, or its symbolic link (or that of a directory above) turned elsewhere. */
type Stamp = string;

const maxFileBytes = 1024 * 1024;
const dayMs = 24 * 60 * 60 * 1000;

/**
 * Opens a certificate that others renew, such as certbot, or Kubernetes by a mounted secret. Files are looked at by polling:
 * it works on every file system, and through every kind of symbolic link. Throws ERR_CERTIFICATE if the first one is no good.
 */
export async function openCertificateFiles(options: CertificateFilesOptions): Promise<CertificateSource> {
  const complete = {
    onEvent: (): void => undefined,
    now: () => new Date(),
    pollIntervalMs: 3_000,
    otherHosts: [],
    ...options,
  };
  const stamp = await stampOf(complete);
  const loaded = await load(complete);
  if (!loaded.ok) {
    const message = `cannot use the certificate ${options.certFile} with the key ${options.keyFile}: ${loaded.problem}`;
    throw new PortholeError('ERR_CERTIFICATE', { message });
  }
  return new CertificateFiles(complete, loaded.value, stamp);
}

class CertificateFiles implements CertificateSource {
  readonly #options: Options;
  readonly #listeners = new Set<() => void>();
  readonly #timers: readonly NodeJS.Timeout[];
  #checked: CheckedCertificate;
  /** Of the files that were last loaded, or refused and told about. */
  #settled: Stamp;
  /** Of files that were refused, but may be half-written. */
  #suspect: Stamp | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(options: Options, checked: CheckedCertificate, stamp: Stamp) {
    this.#options = options;
    this.#checked = checked;
    this.#settled = stamp;
    this.#warn(checked.warnings);
    this.#timers = [
      setInterval(() => void this.refresh(), options.pollIntervalMs).unref(),
      setInterval(() => {
        this.#warn(dateWarnings(this.#checked.leaf, options.now()));
      }, dayMs).unref(),
    ];
  }

  get current(): CertificatePair {
    return this.#checked.pair;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  describe(): CertificateDescription {
    const { validToDate, fingerprint256 } = this.#checked.leaf;
    return { kind: 'files', notAfter: validToDate, fingerprint256 };
  }

  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#listeners.clear();
  }

  async #refresh(): Promise<void> {
    const stamp = await stampOf(this.#options);
    if (stamp === this.#settled) return;
    const loaded = await load(this.#options);
    const refusal = loaded.ok ? this.#refusal(loaded.value) : loaded.problem;
    if (loaded.ok && refusal === undefined) this.#use(loaded.value, stamp);
    else this.#refuse(refusal ?? '', stamp);
  }

  /** An expired certificate is better than none, but not than one that is valid. */
  #refusal({ leaf }: CheckedCertificate): string | undefined {
    const now = this.#options.now();
    const worse = isOver(leaf, now) && !isOver(this.#checked.leaf, now);
    return worse ? `it expired on ${leaf.validToDate.toISOString()}` : undefined;
  }

  #use(checked: CheckedCertificate, stamp: Stamp): void {
    const { log, onEvent } = this.#options;
    this.#settled = stamp;
    this.#suspect = undefined;
    if (checked.pair.cert === this.current.cert && checked.pair.key === this.current.key) return;
    this.#checked = checked;
    const { fingerprint256, validToDate: notAfter } = checked.leaf;
    log.info({ ...this.#files, fingerprint256, notAfter }, 'certificate reloaded');
    this.#warn(checked.warnings);
    for (const listener of this.#listeners) listener();
    onEvent({ kind: 'changed' });
  }

  /** Certificate and key are often replaced one after the other: what is wrong counts only if it stays so. */
  #refuse(why: string, stamp: Stamp): void {
    const stays = stamp === this.#suspect;
    this.#suspect = stamp;
    if (!stays) return;
    this.#settled = stamp;
    this.#options.log.error(
      { ...this.#files, problem: why },
      'new certificate refused: the old one stays in use',
    );
    this.#options.onEvent({ kind: 'refused' });
  }

  get #files(): { certFile: string; keyFile: string } {
    return { certFile: this.#options.certFile, keyFile: this.#options.keyFile };
  }

  #warn(warnings: readonly string[]): void {
    for (const warning of warnings) this.#options.log.warn({ ...this.#files, warning }, 'certificate');
  }
}

function isOver(leaf: X509Certificate, now: Date): boolean {
  return leaf.validToDate < now;
}

async function load({
  certFile,
  keyFile,
  domain,
  otherHosts,
  now,
}: Options): Promise<Parsed<CheckedCertificate>> {
  const cert = await readBounded(certFile);
  if (!cert.ok) return cert;
  const key = await readBounded(keyFile);
  if (!key.ok) return key;
  return checkCertificate({ cert: cert.value, key: key.value }, { domain, otherHosts, now: now() });
}

async function readBounded(path: string): Promise<Parsed<string>> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > maxFileBytes) return problem(`${path} is larger than ${String(maxFileBytes)} bytes`);
      return { ok: true, value: await file.readFile('utf8') };
    } finally {
      await file.close();
    }
  } catch (error) {
    return problem((error as Error).message);
  }
}

async function stampOf({ certFile, keyFile }: Options): Promise<Stamp> {
  return (await Promise.all([certFile, keyFile].map(fileStamp))).join(' ');
}

async function fileStamp(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unreadable';
  }
}
