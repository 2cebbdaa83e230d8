import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fchownSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { base32 } from '../../core/base32.ts';
import { PortholeError } from '../../core/errors.ts';
import { problem, type Parsed } from '../../core/parsed.ts';

/** A key that seals cookies, or did once. */
export interface SealingKey {
  /** 8 base32 characters; stands before everything that it seals, and is no secret. */
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Buffer;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

const fileName = 'session.keys';
const secretBytes = 32;
/** Nobody keeps more; the oldest go first. */
export const maxSealingKeys = 1000;
const maxFileBytes = 256 * 1024;

const storedKeys = z.strictObject({
  version: z.literal(1),
  keys: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[a-z2-7]{8}$/),
        key: z.string().regex(/^[\w-]{43}$/),
        createdAt: z.int().min(0).max(8.64e15),
      }),
    )
    .min(1)
    .max(maxSealingKeys),
});

/** In the state directory. */
export function sealingKeyPath(stateDir: string): string {
  return join(stateDir, fileName);
}

export function newSealingKey(now: number): SealingKey {
  return { id: base32(randomBytes(5)), secret: randomBytes(secretBytes), createdAt: Math.trunc(now) };
}

/** Reads what `formatSealingKeys` writes, the newest key last: all of it makes sense, or none of it counts. */
export function parseSealingKeys(text: string): Parsed<readonly SealingKey[]> {
  if (text.length > maxFileBytes) return problem(`it has more than ${String(maxFileBytes)} bytes`);
  const parsed = storedKeys.safeParse(parseJson(text));
  // What was found there is secret: only where it is wrong is told.
  if (!parsed.success) return problem(`not what is written there: ${placesOf(parsed.error)}`);
  const keys = parsed.data.keys.map(({ id, key, createdAt }) => ({
    id,
    secret: Buffer.from(key, 'base64url'),
    createdAt,
  }));
  if (new Set(keys.map(({ id }) => id)).size < keys.length) return problem('two keys have the same id');
  return { ok: true, value: keys };
}

export function formatSealingKeys(keys: readonly SealingKey[]): string {
  const stored = keys.map(({ id, secret, createdAt }) => ({
    id,
    key: secret.toString('base64url'),
    createdAt,
  }));
  return `${JSON.stringify({ version: 1, keys: stored }, undefined, 2)}\n`;
}

/** The keys in the state directory; undefined when there is no file of them. Throws `ERR_STATE_DIR` for one that cannot be used. */
export function readSealingKeys(stateDir: string): readonly SealingKey[] | undefined {
  const path = sealingKeyPath(stateDir);
  let text: string;
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (stat.size > maxFileBytes) throw damaged(path, `it has more than ${String(maxFileBytes)} bytes`);
    if ((stat.mode & 0o077) !== 0) chmodSync(path, 0o600);
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof PortholeError) throw cause;
    throw unusable(path, 'read', cause);
  }
  const parsed = parseSealingKeys(text);
  if (!parsed.ok) throw damaged(path, parsed.problem);
  return parsed.value;
}

/** The keys in the state directory, made if there are none; of two processes that make some at once, both get the same. */
export function readOrMakeSealingKeys(stateDir: string, now: number): readonly SealingKey[] {
  const there = readSealingKeys(stateDir);
  if (there !== undefined) return there;
  const path = sealingKeyPath(stateDir);
  const made = [newSealingKey(now)];
  try {
    place(path, formatSealingKeys(made), linkSync);
    return made;
  } catch (cause) {
    const others = (cause as NodeJS.ErrnoException).code === 'EEXIST' ? readSealingKeys(stateDir) : undefined;
    if (others === undefined) throw unusable(path, 'made', cause);
    return others;
  }
}

/**
 * Writes what `change` makes of the keys, one process at a time; undefined while another one is at it. Throws `ERR_STATE_DIR`. A damaged
 * file is left as it is.
 */
export function changeSealingKeys(
  stateDir: string,
  now: number,
  change: (keys: readonly SealingKey[]) => readonly SealingKey[],
): readonly SealingKey[] | undefined {
  const path = sealingKeyPath(stateDir);
  const unlock = lock(`${path}.lock`);
  if (unlock === undefined) return undefined;
  try {
    const before = readOrMakeSealingKeys(stateDir, now);
    const after = change(before).slice(-maxSealingKeys);
    if (after !== before) place(path, formatSealingKeys(after), renameSync);
    return after;
  } catch (cause) {
    if (cause instanceof PortholeError) throw cause;
    throw unusable(path, 'written', cause);
  } finally {
    unlock();
  }
}

/** The file appears whole; it belongs to whom the directory does, whoever makes it. */
function place(path: string, text: string, how: (from: string, to: string) => void): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      const { uid, gid } = statSync(dirname(path));
      if (process.getuid?.() === 0) fchownSync(descriptor, uid, gid);
      writeFileSync(descriptor, text, { flush: true });
    } finally {
      closeSync(descriptor);
    }
    how(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Whoever holds it writes one small file: one that is older was left by a process that was killed. */
const staleLockMs = 10_000;

function lock(path: string): (() => void) | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && Math.abs(Date.now() - stat.mtimeMs) > staleLockMs) rmSync(path, { force: true });
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw unusable(path, 'made', cause);
  }
  return () => {
    rmSync(path, { force: true });
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function placesOf(error: z.ZodError): string {
  const places = error.issues.map(({ path }) => path.join('.') || 'the whole of it');
  return [...new Set(places)].slice(0, 5).join(', ');
}

function damaged(path: string, how: string): PortholeError {
  return new PortholeError('ERR_STATE_DIR', {
    message: `the keys of logins, ${path}, are damaged (${how}); restore the file, or remove it to have new ones made: all logins end with it`,
  });
}

function unusable(path: string, what: string, cause: unknown): PortholeError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PortholeError('ERR_STATE_DIR', {
    cause,
    message: `the keys of logins, ${path}, cannot be ${what}: ${reason}`,
  });
}
