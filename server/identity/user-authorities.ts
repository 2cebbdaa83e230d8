import { PortholeError } from '../../core/errors.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import type { Log } from '../../core/log.ts';
import { parsePublicKey } from '../../core/public-key.ts';
import { WatchedFile } from './watched-file.ts';

export interface UserAuthoritiesOptions {
  /** Public keys, one a line, as for sshd's TrustedUserCAKeys. */
  readonly paths: readonly string[];
  readonly log: Log;
  readonly pollMs?: number;
  readonly settleMs?: number;
}

/** An FIDO device signs nothing without somebody who touches it, and a certificate cannot show that somebody did. */
const authorityTypes = /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521))$/;

/**
 * `--user-ca FILE`: the keys of the authorities whose certificates admit, read again when a file changes. A file that can no longer be
 * read admits nobody: removing it is how an operator ends an authority.
 */
export class UserAuthorities {
  readonly #options: UserAuthoritiesOptions;
  readonly #files: WatchedFile[] = [];
  readonly #keys = new Map<string, ReadonlySet<string>>();
  readonly #callbacks: (() => void)[] = [];

  /** Throws `ERR_CONFIG` when one of the files cannot be read at the start, or has no key in it. */
  constructor(options: UserAuthoritiesOptions) {
    this.#options = options;
    let problem: PortholeError | undefined;
    for (const path of options.paths) this.#watch(path, (found) => (problem ??= found));
    if (problem === undefined) return;
    this.close();
    throw problem;
  }

  /** Whether certificates that this key signed admit. */
  has(authority: Uint8Array): boolean {
    return this.knows(fingerprint(authority));
  }

  /** The same of one that is named by its fingerprint. */
  knows(print: string): boolean {
    return [...this.#keys.values()].some((keys) => keys.has(print));
  }

  /** How many there are. */
  get size(): number {
    return new Set([...this.#keys.values()].flatMap((keys) => [...keys])).size;
  }

  onChange(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  close(): void {
    for (const file of this.#files) file.close();
  }

  #watch(path: string, fail: (problem: PortholeError) => void): void {
    const { paths: _paths, log: _log, ...watching } = this.#options;
    const atStart = { is: true };
    const failed = (reason: string, cause?: unknown): void => {
      this.#keys.set(path, new Set());
      if (atStart.is) fail(configError(`the user authorities in ${path}: ${reason}`, cause));
      else this.#lost(path, reason);
    };
    const file = new WatchedFile({
      path,
      onText: (text) => {
        if (text === undefined) failed('there is no such file');
        else this.#take(path, text, failed);
        if (!atStart.is) this.#changed();
      },
      onUnreadable: (error) => {
        failed(error instanceof Error ? error.message : String(error), error);
        if (!atStart.is) this.#changed();
      },
      ...watching,
    });
    atStart.is = false;
    this.#files.push(file);
  }

  #take(path: string, text: string, failed: (reason: string) => void): void {
    const { log } = this.#options;
    const { keys, problems } = parseAuthorities(text);
    for (const problem of problems) log.warn({ path, problem }, 'user authorities: a line names none');
    if (keys.size === 0) {
      failed('there is no public key in it');
      return;
    }
    this.#keys.set(path, keys);
    log.info({ path, authorities: [...keys] }, 'user authorities read');
  }

  #lost(path: string, problem: string): void {
    this.#options.log.error(
      { path, problem },
      'user authorities cannot be read: their certificates admit nobody',
    );
  }

  #changed(): void {
    for (const callback of this.#callbacks) callback();
  }
}

/** The fingerprints of the keys, one a line, and what is wrong with the lines that have none. */
export function parseAuthorities(text: string): { keys: Set<string>; problems: string[] } {
  const keys = new Set<string>();
  const problems: string[] = [];
  for (const [index, line] of text.split(/\r?\n/u).entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const result = parsePublicKey(trimmed);
    if (!result.ok) problems.push(`line ${String(index + 1)}: ${result.problem}`);
    else if (!authorityTypes.test(result.key.type))
      problems.push(
        `line ${String(index + 1)}: a key of type ${result.key.type} cannot be an authority here`,
      );
    else keys.add(fingerprint(result.key.blob));
  }
  return { keys, problems };
}

function configError(message: string, cause: unknown): PortholeError {
  return new PortholeError('ERR_CONFIG', { message, cause });
}
