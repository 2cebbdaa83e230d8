import { randomBytes } from 'node:crypto';
import { link, open, rename, unlink } from 'node:fs/promises';

/** Only the owner may read or write: for whatever holds a private key. */
export const secretMode = 0o600;
export const publicMode = 0o644;

/** Writes a file so that a reader, or a crash, finds either the old one or the new one, whole. */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  await viaTemporary(path, text, mode, (temporary) => rename(temporary, path));
}

/** Writes a file that is not there yet, as atomically; `false` if it is there, and then it is left alone. */
export async function createFile(path: string, text: string, mode: number): Promise<boolean> {
  try {
    await viaTemporary(path, text, mode, (temporary) => link(temporary, path));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function viaTemporary(
  path: string,
  text: string,
  mode: number,
  publish: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeDurably(temporary, text, mode);
    await publish(temporary);
  } finally {
    // After a rename it is not there any more.
    await unlink(temporary).catch(() => undefined);
  }
}

async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(text);
    // The umask may have taken bits away.
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}
