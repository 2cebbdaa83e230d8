import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import ssh2 from 'ssh2';
import type { Parsed } from '../core/forward.ts';

/** The key that the client made for itself, or is about to. */
export interface OwnKey {
  readonly file: string;
  /** `ssh-ed25519 AAAA... porthole@host`: what must be added at the gateway. */
  readonly publicLine: string;
  readonly privateText: string;
}

/** Where it lies: `porthole/client/id_ed25519` in the user's state directory. */
export function ownKeyPath(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const given = env['XDG_STATE_HOME'] ?? '';
  // The specification has relative paths ignored.
  const state = given.startsWith('/') ? given : join(home, '.local', 'state');
  return join(state, 'porthole', 'client', 'id_ed25519');
}

/** Reads it; undefined when there is none yet. */
export function readOwnKey(file: string): Parsed<OwnKey> | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if ((stats.mode & 0o077) !== 0)
    return bad(
      `the key ${file} may be read by others: chmod 600 ${file}, or take it away and have a new one made`,
    );
  try {
    const privateText = readFileSync(file, 'utf8');
    const publicLine = publicLineOf(privateText);
    return publicLine === undefined
      ? bad(`${file} is not a private key: take it away, and a new one is made`)
      : { ok: true, value: { file, publicLine, privateText } };
  } catch (error) {
    return bad(`cannot read the key ${file}: ${(error as Error).message}`);
  }
}

/** Makes it. One that is there already, or that another process makes meanwhile, is never overwritten. */
export function makeOwnKey(file: string): Parsed<OwnKey> {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const { private: privateText, public: publicText } = generateKey(`porthole@${hostname()}`);
    if (placeNew(file, privateText)) writeFileSync(`${file}.pub`, `${publicText}\n`);
  } catch (error) {
    return bad(`there is no SSH key, and none can be made: ${(error as Error).message}`);
  }
  return readOwnKey(file) ?? bad(`the key ${file} is gone again`);
}

/** The file appears whole; false when there is one already. */
function placeNew(file: string, text: string): boolean {
  const temporary = `${file}.${randomUUID()}`;
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
    linkSync(temporary, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** A new key in OpenSSH's format, without a passphrase. */
export function generateKey(comment: string): { private: string; public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment });
    // ssh2 drops a leading zero byte: one key in 256 cannot be read back.
    if (publicLineOf(pair.private) !== undefined) return pair;
  }
}

/** `TYPE BASE64 COMMENT` of a private key; undefined for anything else. */
export function publicLineOf(privateText: string): string | undefined {
  const key = ssh2.utils.parseKey(privateText);
  if (key instanceof Error || !key.isPrivateKey()) return undefined;
  return `${key.type} ${key.getPublicSSH().toString('base64')} ${key.comment}`.trim();
}

function bad(problem: string): Parsed<never> {
  return { ok: false, problem };
}
