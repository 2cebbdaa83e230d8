import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { PortholeError } from '../../core/errors.ts';
import { WorkSlots } from './work-slots.ts';

/** What one hash costs: 32 MiB of memory, and about a tenth of a second (RFC 7914). */
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 };
const saltBytes = 16;
const hashBytes = 32;
const maxPasswordBytes = 256;
/** A letter may be written in several parts. */
const maxWrittenLength = 4 * maxPasswordBytes;
const form = /^scrypt\$32768\$8\$1\$([\w-]{22})\$([\w-]{43})$/;

/** Each hash keeps a thread busy; those beyond wait, and beyond that nobody may wait. */
const slots = new WorkSlots({ atOnce: 2, waiting: 32 });
/** What those are measured by for whom there is no password. */
const noSalt = randomBytes(saltBytes);

/** Why a text cannot be a password; undefined for one that can. */
export function passwordProblem(text: string): string | undefined {
  const bytes = Buffer.byteLength(text.slice(0, maxWrittenLength).normalize('NFC'));
  if (bytes === 0) return 'the password is empty';
  if (bytes > maxPasswordBytes || text.length > maxWrittenLength)
    return `the password is longer than ${String(maxPasswordBytes)} bytes`;
  return /\p{Cc}/u.test(text) ? 'the password has control characters in it' : undefined;
}

/** `scrypt$32768$8$1$SALT$HASH`, in base64url. Rejects with `ERR_BUSY`, and with `ERR_BAD_REQUEST` for what cannot be a password. */
export async function hashPassword(text: string): Promise<string> {
  const problem = passwordProblem(text);
  if (problem !== undefined) throw new PortholeError('ERR_BAD_REQUEST', { message: problem });
  const salt = randomBytes(saltBytes);
  const hash = await derive(text, salt);
  return `scrypt$${String(cost.N)}$${String(cost.r)}$${String(cost.p)}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/** Rejects with `ERR_BUSY` only. What is no password, or no hash of one, costs as much as what is. */
export async function verifyPassword(text: string, hash: string): Promise<boolean> {
  const [, salt, wanted] = form.exec(hash) ?? [];
  const found = await derive(text, salt === undefined ? noSalt : Buffer.from(salt, 'base64url'));
  if (wanted === undefined || passwordProblem(text) !== undefined) return false;
  return timingSafeEqual(found, Buffer.from(wanted, 'base64url'));
}

/** As much work as `verifyPassword`, for what has no password: whoever asks does not learn which has one. Rejects with `ERR_BUSY` only. */
export async function wasteTime(text: string): Promise<void> {
  await derive(text, noSalt);
}

/** The same text may be typed in several forms of Unicode. */
function derive(text: string, salt: Buffer): Promise<Buffer> {
  const bytes = Buffer.from(text.slice(0, maxWrittenLength).normalize('NFC')).subarray(0, maxPasswordBytes);
  const turn = slots.run(
    () =>
      new Promise<Buffer>((resolve, reject) => {
        scrypt(bytes, salt, hashBytes, cost, (error, key) => {
          if (error === null) resolve(key);
          else reject(error);
        });
      }),
  );
  return turn ?? Promise.reject(busy());
}

function busy(): PortholeError {
  return new PortholeError('ERR_BUSY', {
    message: 'Too many passwords are being checked; try again shortly.',
  });
}
