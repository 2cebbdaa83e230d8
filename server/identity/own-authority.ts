import { randomUUID, sign } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PortholeError } from '../../core/errors.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import type { Log } from '../../core/log.ts';
import { wireString } from '../../core/ssh-wire.ts';
import { generateEd25519, readOpensshKey, writeOpensshKey, type Ed25519Key } from './openssh-key.ts';
import { WatchedFile } from './watched-file.ts';

const fileName = 'user_ca';

/** A key that signs certificates. */
export interface AuthorityKey {
  readonly blob: Buffer;
  readonly fingerprint: string;
  /** `ssh-ed25519 AAAA... comment`: what others must trust. */
  readonly line: string;
  /** The signature with its algorithm's name before it, as it stands at the end of a certificate. */
  sign(data: Buffer): Buffer;
}

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
  const path = authorityPath(stateDir);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw stateDirError(`cannot read ${path}: ${reasonOf(cause)}`, cause);
  }
  const read = readOpensshKey(text);
  if (!read.ok) throw stateDirError(`the authority's key in ${path} cannot be used: ${read.problem}`);
  return authorityKey(read.value);
}

/**
 * Makes the own authority: `user_ca`, readable by its owner only, and `user_ca.pub`. One that is there is never overwritten: throws
 * `ERR_CONFLICT`; or `ERR_STATE_DIR` when it cannot be written.
 */
export function createAuthority(stateDir: string, comment: string): AuthorityKey {
  const path = authorityPath(stateDir);
  const key = generateEd25519(comment);
  const authority = authorityKey(key);
  try {
    placeNew(path, writeOpensshKey(key));
    writeFileSync(`${path}.pub`, `${authority.line}\n`, { mode: 0o644 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST')
      throw new PortholeError('ERR_CONFLICT', { cause, message: `there is an authority already: ${path}` });
    throw stateDirError(`cannot write ${path}: ${reasonOf(cause)}`, cause);
  }
  return authority;
}

/** The file appears whole, or not at all when there is one. */
function placeNew(path: string, text: string): void {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx', flush: true });
    linkSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function authorityKey({ privateKey, publicBlob, comment }: Ed25519Key): AuthorityKey {
  return {
    blob: publicBlob,
    fingerprint: fingerprint(publicBlob),
    line: `ssh-ed25519 ${publicBlob.toString('base64')} ${comment}`.trim(),
    sign: (data) => Buffer.concat([wireString('ssh-ed25519'), wireString(sign(null, data, privateKey))]),
  };
}

function stateDirError(message: string, cause?: unknown): PortholeError {
  return new PortholeError('ERR_STATE_DIR', { message, cause });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
