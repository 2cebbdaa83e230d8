import { readFileSync, statSync } from 'node:fs';
import { PortholeError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { inspectPublicKey } from './inspected-keys.ts';
import type { Admission, Admissions, OfferedKey } from './admission.ts';
import { parseAuthorizedKeys, type AuthorizedKey } from './authorized-keys.ts';
import { expiryReason } from './key-state.ts';

export interface KeyFileOptions {
  readonly path: string;
  readonly log: Log;
  readonly pollMs?: number;
  /** How long a change must rest before it is read: editors empty a file, or move it away, before they write it anew. */
  readonly settleMs?: number;
  readonly now?: () => number;
}

/**
 * `--authorized-keys FILE`: the keys of one file, read again when it changes. A file that can no longer be read admits nobody:
 * removing it is how an operator locks everybody out.
 */
export class KeyFile implements Admissions {
  readonly #options: KeyFileOptions;
  readonly #now: () => number;
  readonly #callbacks: (() => void)[] = [];
  readonly #timer: NodeJS.Timeout;
  #keys = new Map<string, AuthorizedKey>();
  #version = '';
  #settleTimer: NodeJS.Timeout | undefined;

  /** Throws `ERR_CONFIG` when the file cannot be read at the start. */
  constructor(options: KeyFileOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    try {
      this.#load();
    } catch (cause) {
      throw new PortholeError('ERR_CONFIG', {
        cause,
        message: `cannot read the authorized keys in ${options.path}: ${reasonOf(cause)}`,
      });
    }
    this.#timer = setInterval(() => {
      this.#poll();
    }, options.pollMs ?? 1000).unref();
  }

  get size(): number {
    return this.#keys.size;
  }

  admit(key: OfferedKey): Admission {
    const known = this.#keys.get(key.blob.toString('base64'));
    if (known?.type !== key.type) return refuseUnknown(key);
    const { expiresAt } = known.identity;
    if (expiresAt !== undefined && expiresAt <= this.#now())
      return { kind: 'refused', reason: expiryReason(expiresAt) };
    return { kind: 'admitted', identity: known.identity, securityKey: known.rules };
  }

  /** Whether a line of the file is about the key, even one that admits nobody any more. */
  knows(key: OfferedKey): boolean {
    return this.#keys.get(key.blob.toString('base64'))?.type === key.type;
  }

  /** The lines that are about a key, in the order of the file. */
  all(): Iterable<AuthorizedKey> {
    return this.#keys.values();
  }

  /** The fingerprints of those who may manage the gateway. */
  admins(): readonly string[] {
    const usable = [...this.#keys.values()].filter(
      ({ identity: { role, expiresAt = Infinity } }) => role === 'admin' && expiresAt > this.#now(),
    );
    return usable.map(({ identity }) => identity.fingerprint);
  }

  onChange(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#settleTimer);
  }

  #poll(): void {
    if (this.#settleTimer !== undefined) return;
    const version = this.#currentVersion();
    if (version !== this.#version) this.#changeSeen(version);
  }

  /** Reads it once it rests: half a file would end the connections of everybody in the other half. */
  #changeSeen(version: string): void {
    this.#settleTimer = setTimeout(() => {
      this.#settleTimer = undefined;
      if (this.#currentVersion() === version) this.#reload(version);
      else this.#poll();
    }, this.#options.settleMs ?? 100).unref();
  }

  #reload(version: string): void {
    try {
      this.#load();
      this.#options.log.info(
        { path: this.#options.path, keys: this.#keys.size },
        'authorized keys read again',
      );
    } catch (err) {
      this.#version = version;
      this.#keys = new Map();
      this.#options.log.error(
        { err, path: this.#options.path },
        'authorized keys cannot be read: nobody is admitted',
      );
    }
    this.#changed();
  }

  #load(): void {
    const version = this.#currentVersion();
    const { keys, problems } = parseAuthorizedKeys(readFileSync(this.#options.path, 'utf8'));
    this.#version = version;
    this.#keys = new Map(keys.map((key) => [key.blob.toString('base64'), key]));
    for (const problem of problems) {
      this.#options.log.warn({ path: this.#options.path, problem }, 'authorized keys: a line admits nobody');
    }
  }

  #changed(): void {
    for (const callback of this.#callbacks) callback();
  }

  /** Differs whenever the file does. Never throws: it runs on a timer. */
  #currentVersion(): string {
    try {
      const stat = statSync(this.#options.path);
      return [stat.dev, stat.ino, stat.mtimeMs, stat.ctimeMs, stat.size].join(':');
    } catch (error) {
      return reasonOf(error);
    }
  }
}

function refuseUnknown({ type, blob }: OfferedKey): Admission {
  const inspection = inspectPublicKey(type, blob);
  return { kind: 'refused', reason: inspection.ok ? 'this key is not known here' : inspection.problem };
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
