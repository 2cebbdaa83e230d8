import { PortholeError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { isCertificateType, parseCertificate } from '../../core/ssh-certificate.ts';
import type { Admission, Admissions, OfferedKey } from './admission.ts';
import {
  isRevokedKey,
  mayBeRevoked,
  parseRevokedKeys,
  revokedPart,
  type KeyNames,
  type RevokedKeys,
} from './revoked-keys.ts';
import { WatchedFile } from './watched-file.ts';

export interface RevocationListOptions {
  readonly path: string;
  readonly log: Log;
  readonly pollMs?: number;
  readonly settleMs?: number;
}

/**
 * `--revoked-keys FILE`: what an operator has revoked, read again when the file changes. As for sshd's RevokedKeys, a list that cannot
 * be read refuses everybody: who is on it is not known.
 */
export class RevocationList {
  readonly #options: RevocationListOptions;
  readonly #file: WatchedFile;
  readonly #callbacks: (() => void)[] = [];
  #revoked: RevokedKeys | undefined;
  #problem: string | undefined;

  /** Throws `ERR_CONFIG` when it cannot be read at the start. */
  constructor({ path, log, ...watching }: RevocationListOptions) {
    this.#options = { path, log };
    this.#file = new WatchedFile({
      path,
      onText: (text) => {
        this.#take(text);
      },
      onUnreadable: (error) => {
        this.#fail(error instanceof Error ? error.message : String(error));
      },
      ...watching,
    });
    if (this.#problem === undefined) return;
    this.close();
    throw new PortholeError('ERR_CONFIG', { message: `the revoked keys in ${path}: ${this.#problem}` });
  }

  /** Why a key or certificate is refused; undefined when nothing is against it. */
  refusal(key: OfferedKey): string | undefined {
    if (this.#revoked === undefined) return 'the list of revoked keys cannot be read, so nobody is admitted';
    if (!isCertificateType(key.type))
      return isRevokedKey(this.#revoked, key.blob) ? 'this key has been revoked' : undefined;
    const certificate = parseCertificate(key.blob);
    return certificate.ok ? revokedPart(this.#revoked, certificate.value) : certificate.problem;
  }

  /** Whether a key or certificate is refused, or may be, of which no more is known than its names. */
  mayRefuse(names: KeyNames): boolean {
    return this.#revoked === undefined || mayBeRevoked(this.#revoked, names);
  }

  onChange(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  close(): void {
    this.#file.close();
  }

  #take(text: string | undefined): void {
    const read = text === undefined ? undefined : parseRevokedKeys(text);
    if (read?.ok !== true) {
      this.#fail(read?.problem ?? 'there is no such file');
      return;
    }
    this.#revoked = read.value;
    this.#problem = undefined;
    this.#options.log.info({ path: this.#options.path }, 'revoked keys read');
    this.#changed();
  }

  #fail(problem: string): void {
    const { path, log } = this.#options;
    this.#revoked = undefined;
    this.#problem = problem;
    log.error({ path, problem }, 'revoked keys cannot be read: nobody is admitted');
    this.#changed();
  }

  #changed(): void {
    for (const callback of this.#callbacks) callback();
  }
}

/** Other admissions, without what is on the list: a plain key, the key in a certificate, its serial, its key id, its authority. */
export class UnrevokedAdmissions implements Admissions {
  readonly #inner: Admissions;
  readonly #list: RevocationList;

  /** Takes both over, to close them. */
  constructor(inner: Admissions, list: RevocationList) {
    this.#inner = inner;
    this.#list = list;
  }

  admit(key: OfferedKey, address: string): Admission {
    const reason = this.#list.refusal(key);
    return reason === undefined ? this.#inner.admit(key, address) : { kind: 'refused', reason };
  }

  onChange(callback: () => void): void {
    this.#inner.onChange(callback);
    this.#list.onChange(callback);
  }

  close(): void {
    this.#list.close();
    this.#inner.close();
  }
}
