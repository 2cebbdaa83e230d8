import { chmod, mkdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PortholeError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Authority } from './authority.ts';
import { authorityProblem, newAuthority, newKey, parseAuthority } from './authority.ts';
import { createFile, publicMode, secretMode } from './state-file.ts';

/** The domain that an authority is for, the directory that keeps it, and the time. */
export interface AuthorityStoreOptions {
  readonly stateDir: string;
  readonly domain: string;
  /** Hosts that are not below the domain. */
  readonly otherHosts?: readonly string[];
  readonly log: Log;
  readonly now: () => Date;
}

/** The files of the authority: the one that clients are to trust, and the one that nobody may read. */
export function authorityFiles(stateDir: string): { cert: string; key: string } {
  return { cert: join(stateDir, 'ca.pem'), key: join(stateDir, 'ca.key') };
}

/**
 * The authority in the state directory, made there if there is none. Of two processes that start at once both get the same.
 * One that is for another domain, or about to expire, is set aside (`.old`); one that cannot be read is never touched.
 *
 * Throws ERR_CERTIFICATE for an unreadable one, ERR_STATE_DIR if the directory cannot be written.
 */
export async function openAuthority(options: AuthorityStoreOptions): Promise<Authority> {
  const { stateDir, domain, otherHosts = [], log, now } = options;
  const files = authorityFiles(stateDir);
  const found = await load(files, log);
  const problem = found && authorityProblem(found, [domain, ...otherHosts], now());
  if (found !== undefined && problem === undefined) return found;
  if (problem !== undefined) {
    await inStateDir(files.cert, () => setAside(files));
    log.warn(
      { problem, domain, caFile: files.cert },
      'development CA replaced: clients have to trust the new one',
    );
  }
  return create(options, files);
}

/** Runs what writes to the state directory; its failure is ERR_STATE_DIR. */
export async function inStateDir<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    const message = `cannot write ${path}: ${(cause as Error).message}`;
    throw new PortholeError('ERR_STATE_DIR', { cause, message });
  }
}

/** The text of a file, `undefined` if there is none. Throws ERR_CERTIFICATE if it is there and cannot be read. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    // What is wrong with the directory shows when it is written.
    if (/^(ENOENT|ENOTDIR)$/.test((cause as NodeJS.ErrnoException).code ?? '')) return undefined;
    const message = `cannot read ${path}: ${(cause as Error).message}`;
    throw new PortholeError('ERR_CERTIFICATE', { cause, message });
  }
}

async function create(
  { stateDir, domain, otherHosts, log, now }: AuthorityStoreOptions,
  files: Files,
): Promise<Authority> {
  await inStateDir(stateDir, () => mkdir(stateDir, { recursive: true, mode: 0o700 }));
  // The key first: whoever finds a certificate finds its key. A key without one, after a crash, gets one here.
  await inStateDir(files.key, () => createFile(files.key, newKey(), secretMode));
  const key = await readIfThere(files.key);
  const made = usable(files, () => newAuthority(key ?? '', domain, now(), otherHosts));
  const ours = await inStateDir(files.cert, () => createFile(files.cert, made, publicMode));
  const authority = await load(files, log);
  if (authority === undefined)
    throw new PortholeError('ERR_STATE_DIR', { message: `${files.cert} vanished` });
  const { fingerprint256 } = authority.certificate;
  if (ours) log.info({ caFile: files.cert, fingerprint256, domain }, 'development CA created');
  return authority;
}

type Files = ReturnType<typeof authorityFiles>;

/** `undefined` if there is no certificate yet. */
async function load(files: Files, log: Log): Promise<Authority | undefined> {
  const cert = await readIfThere(files.cert);
  if (cert === undefined) return undefined;
  const key = await readIfThere(files.key);
  const authority = usable(files, () => {
    if (key === undefined) throw new Error(`its key, ${files.key}, is missing`);
    return parseAuthority(cert, key);
  });
  await keepSecret(files.key, log);
  return authority;
}

function usable<T>(files: Files, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const what = `the development CA in ${files.cert} cannot be used: ${(cause as Error).message}`;
    const remedy = `restore it, or remove ${files.cert} and ${files.key} to have a new one made`;
    throw new PortholeError('ERR_CERTIFICATE', { cause, message: `${what}; ${remedy}` });
  }
}

async function keepSecret(path: string, log: Log): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return;
  log.warn({ path }, "the development CA's key could be read by others: corrected");
  await inStateDir(path, () => chmod(path, secretMode));
}

async function setAside(files: Files): Promise<void> {
  await rename(files.cert, `${files.cert}.old`);
  await rename(files.key, `${files.key}.old`);
}
