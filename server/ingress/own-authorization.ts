import { isMachineToken, machineTokenUser } from '../access/machine-tokens.ts';

/** Tokens of the gateway wherever they stand in it, and however their scheme is spelled. */
const ownToken = /\bph[at]_[\w-]+\.[\w-]+/;

/**
 * Whether an `Authorization` shows something that only the gateway takes. It is no app's business even where nothing was asked for, and the app's
 * own goes on. Passwords cannot be told by their looks: they are spent where one lets somebody in.
 */
export function isOwnAuthorization(value: string): boolean {
  if (ownToken.test(value)) return true;
  for (const part of value.split(',')) {
    const [, scheme = '', shown = ''] = /^\s*([\w-]+)\s+(\S+)\s*$/.exec(part) ?? [];
    if (scheme.toLowerCase() === 'bearer' && isMachineToken(shown)) return true;
    if (scheme.toLowerCase() === 'basic' && isOwnLogin(Buffer.from(shown, 'base64').toString('latin1')))
      return true;
  }
  return false;
}

function isOwnLogin(login: string): boolean {
  return ownToken.test(login) || login.startsWith(`${machineTokenUser}:`);
}
