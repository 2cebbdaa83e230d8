import { randomBytes } from 'node:crypto';
import { base32 } from '../../core/base32.ts';

/** 16 base32 characters: the id of a session. */
export function newSessionId(): string {
  return base32(randomBytes(10));
}

/** 12 base32 characters: the id of a link, a token or a password; of a token for the API, too. */
export function newGrantId(): string {
  return base32(randomBytes(8)).slice(0, 12);
}

export function isSessionId(text: string): boolean {
  return /^[a-z2-7]{16}$/.test(text);
}

export function isGrantId(text: string): boolean {
  return /^[a-z2-7]{12}$/.test(text);
}
