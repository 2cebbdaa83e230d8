import { join } from 'node:path';
import type { Log } from '../../core/log.ts';
import { authorityKey, createAuthorityFile, readAuthorityFile, type AuthorityKey } from './authority-file.ts';
import { readOpensshKey } from './openssh-key.ts';
import { WatchedFile } from './watched-file.ts';

const fileName = 'user_ca';

/** The gateway's own authority, as far as others need it. */
export interface OwnAuthorityKey {
  /** Undefined while there is none. */
  readonly current: AuthorityKey | undefined;
  onChange(callback: () => void): void;
}

export interface OwnAuthorityOptions {
  readonly stateDir: string;
  readonly log: Log;
  readonly pollMs?: number;
  readonly settleMs?: number;
}

/** The gateway's own authority: the key `user_ca` in its state directory, from the moment that there is one until there is none. */
export class OwnAuthority implements OwnAuthorityKey {
  readonly #log: Log;
  readonly #path: string;
  readonly #callbacks: (() => void)[] = [];
  readonly #file: WatchedFile;
  #current: AuthorityKey | undefined;

  constructor({ stateDir, log, ...watching }: OwnAuthorityOptions) {
    this.#log = log;
    this.#path = authorityPath(stateDir);
    this.#file = new WatchedFile({
      path: this.#path,
      onText: (text) => {
        this.#take(text);
      },
      onUnreadable: (err) => {
        this.#fail({ err });
      },
      ...watching,
    });
  }

  get current(): AuthorityKey | undefined {
    return this.#current;
  }

  onChange(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  close(): void {
    this.#file.close();
  }

  #take(text: string | undefined): void {
    const read = text === undefined ? undefined : readOpensshKey(text);
    if (read?.ok === false) this.#fail({ problem: read.problem });
    else this.#set(read && authorityKey(read.value));
  }

  #fail(facts: Record<string, unknown>): void {
    this.#log.error(
      { ...facts, path: this.#path },
      "the own authority's key cannot be used: its certificates admit nobody",
    );
    this.#set(undefined);
  }

  #set(key: AuthorityKey | undefined): void {
    if (this.#current?.fingerprint === key?.fingerprint) return;
    this.#current = key;
    if (key !== undefined) this.#log.info({ authority: key.fingerprint }, 'own authority');
    for (const callback of this.#callbacks) callback();
  }
}

export function authorityPath(stateDir: string): string {
  return join(stateDir, fileName);
}

/** The key of the own authority; undefined when there is none. Throws `ERR_STATE_DIR` when there is one that cannot be used. */
export function readAuthority(stateDir: string): AuthorityKey | undefined {
  return readAuthorityFile(authorityPath(stateDir));
}

/**
 * Makes the own authority: `user_ca`, readable by its owner only, and `user_ca.pub`. One that is there is never overwritten: throws
 * `ERR_CONFLICT`; or `ERR_STATE_DIR` when it cannot be written.
 */
export function createAuthority(stateDir: string, comment: string): AuthorityKey {
  return createAuthorityFile(authorityPath(stateDir), comment);
}
