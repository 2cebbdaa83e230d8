import { PortholeError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { inspectPublicKey } from './inspected-keys.ts';
import type { Admission, Admissions, OfferedKey } from './admission.ts';
import { parseAuthorizedKeys, type AuthorizedKey } from './authorized-keys.ts';
import { expiryReason } from './key-state.ts';
import { WatchedFile } from './watched-file.ts';

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
  readonly #path: string;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #callbacks: (() => void)[] = [];
  readonly #file: WatchedFile;
  #keys = new Map<string, AuthorizedKey>();
  #failure: { readonly cause: unknown } | undefined;
  #opened = false;

  /** Throws `ERR_CONFIG` when the file cannot be read at the start. */
  constructor({ path, log, now = Date.now, ...watching }: KeyFileOptions) {
    this.#path = path;
    this.#log = log;
    this.#now = now;
    this.#file = new WatchedFile({
      path,
      onText: (text) => {
        if (text === undefined) this.#fail(new Error('there is no such file'));
        else this.#take(text);
      },
      onUnreadable: (error) => {
        this.#fail(error);
      },
      ...watching,
    });
    this.#opened = this.#failure === undefined;
    if (this.#failure === undefined) return;
    this.close();
    const { cause } = this.#failure;
    throw new PortholeError('ERR_CONFIG', {
      cause,
      message: `cannot read the authorized keys in ${path}: ${reasonOf(cause)}`,
    });
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
    this.#file.close();
  }

  #take(text: string): void {
    const { keys, problems } = parseAuthorizedKeys(text);
    this.#failure = undefined;
    this.#keys = new Map(keys.map((key) => [key.blob.toString('base64'), key]));
    for (const problem of problems)
      this.#log.warn({ path: this.#path, problem }, 'authorized keys: a line admits nobody');
    if (this.#opened)
      this.#log.info({ path: this.#path, keys: this.#keys.size }, 'authorized keys read again');
    this.#changed();
  }

  #fail(cause: unknown): void {
    this.#failure = { cause };
    this.#keys = new Map();
    // At the start the exception says it.
    if (this.#opened)
      this.#log.error({ err: cause, path: this.#path }, 'authorized keys cannot be read: nobody is admitted');
    this.#changed();
  }

  #changed(): void {
    for (const callback of this.#callbacks) callback();
  }
}

function refuseUnknown({ type, blob }: OfferedKey): Admission {
  const inspection = inspectPublicKey(type, blob);
  return { kind: 'refused', reason: inspection.ok ? 'this key is not known here' : inspection.problem };
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
