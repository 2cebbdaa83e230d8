import { randomUUID, sign } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { PortholeError } from '../../core/errors.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { wireString } from '../../core/ssh-wire.ts';
import { generateEd25519, readOpensshKey, writeOpensshKey, type Ed25519Key } from './openssh-key.ts';

/** A key that signs certificates. */
export interface AuthorityKey {
  readonly blob: Buffer;
  readonly fingerprint: string;
  /** `ssh-ed25519 AAAA... comment`: what others must trust. */
  readonly line: string;
  /** The signature with its algorithm's name before it, as it stands at the end of a certificate. */
  sign(data: Buffer): Buffer;
}

/** The authority's key in a file; undefined when there is none. Throws `ERR_STATE_DIR` when there is one that cannot be used. */
export function readAuthorityFile(path: string): AuthorityKey | undefined {
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
 * Makes an authority: a file readable by its owner only, and the public half beside it as `.pub`. One that is there is never overwritten: throws
 * `ERR_CONFLICT`; or `ERR_STATE_DIR` when it cannot be written.
 */
export function createAuthorityFile(path: string, comment: string): AuthorityKey {
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

export function authorityKey({ privateKey, publicBlob, comment }: Ed25519Key): AuthorityKey {
  return {
    blob: publicBlob,
    fingerprint: fingerprint(publicBlob),
    line: `ssh-ed25519 ${publicBlob.toString('base64')} ${comment}`.trim(),
    sign: (data) => Buffer.concat([wireString('ssh-ed25519'), wireString(sign(null, data, privateKey))]),
  };
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

function stateDirError(message: string, cause?: unknown): PortholeError {
  return new PortholeError('ERR_STATE_DIR', { message, cause });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
