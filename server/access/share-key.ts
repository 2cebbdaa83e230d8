import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { PortholeError } from '../../core/errors.ts';

const fileName = 'share.key';
const keyBytes = 32;

/**
 * The secret that signs share links and the cookies that they are exchanged for: 32 random bytes in the state directory,
 * made on first start and readable by the owner alone. Whoever removes the file takes back every link.
 * Fails with `ERR_STATE_DIR`.
 */
export async function loadShareKey(stateDirectory: string): Promise<Buffer> {
  const path = join(stateDirectory, fileName);
  try {
    return (await readKey(path)) ?? (await makeKey(path, stateDirectory));
  } catch (cause) {
    if (cause instanceof PortholeError) throw cause;
    throw new PortholeError('ERR_STATE_DIR', {
      cause,
      message: `The key of the share links, ${path}, cannot be read or made.`,
    });
  }
}

async function readKey(path: string): Promise<Buffer | undefined> {
  let key: Buffer;
  try {
    key = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (key.length === keyBytes) return key;
  throw new PortholeError('ERR_STATE_DIR', {
    message: `The key of the share links, ${path}, is damaged: it has ${key.length} bytes instead of ${keyBytes}. Remove it to have a new one made; all links given out end with it.`,
  });
}

/** Written whole under another name first: two processes that start at once end up with the same key. */
async function makeKey(path: string, stateDirectory: string): Promise<Buffer> {
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  const key = randomBytes(keyBytes);
  const fresh = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(fresh, 'wx', 0o600);
  try {
    await file.writeFile(key);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(fresh, path);
    return key;
  } catch (error) {
    const other = (error as NodeJS.ErrnoException).code === 'EEXIST' ? await readKey(path) : undefined;
    if (other === undefined) throw error;
    return other;
  } finally {
    await unlink(fresh);
  }
}
