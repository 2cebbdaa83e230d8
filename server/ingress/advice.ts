import type { ErrorCode } from '../../core/errors.ts';
import { errorTable } from '../../core/errors.ts';

const retryLater = 'Try again in a moment.';
const checkAddress = 'Check the address.';

const byCode: Partial<Record<ErrorCode, string>> = {
  ERR_ENV_UNKNOWN:
    'Check the name; if the preview is private, sign in with an account that may see it, or ask whoever started it for a share link.',
  ERR_LOGIN_REQUIRED:
    'Open it in a browser to sign in; programs send a token from porthole token create, as Authorization: Bearer TOKEN.',
  ERR_ORIGIN_REFUSED:
    'Call it from a page of the same environment, or have the operator add the origin to allowed-origins.',
  ERR_ENV_OFFLINE: 'It is served again as soon as its machine reconnects.',
  ERR_SERVICE_UNKNOWN: 'Check the name of the service, or start a forward for it.',
  ERR_UPSTREAM_REFUSED: 'Start the service on the machine, or correct the address in its -R option.',
  ERR_UPSTREAM_PROTOCOL:
    'Check that the service speaks HTTP there, or say what it speaks with scheme=https, h2c or tcp.',
  ERR_UPSTREAM_TIMEOUT: 'See what keeps the service busy, then try again.',
  ERR_UPSTREAM_LOST: 'Check whether the request had its effect before you repeat it.',
  ERR_BUSY: retryLater,
  ERR_DRAINING: retryLater,
  ERR_BAD_REQUEST: 'Correct the request.',
  ERR_REQUEST_TIMEOUT: 'Send the request again.',
  ERR_URI_TOO_LONG: 'Shorten the address.',
  ERR_HEADERS_TOO_LARGE: 'Send smaller headers; cookies are a common reason.',
  ERR_MISDIRECTED: 'Repeat the request on a connection of its own.',
  ERR_METHOD_REFUSED: 'Use another method.',
  ERR_NOT_FOUND: checkAddress,
  ERR_LOGIN_REFUSED: 'Sign in with another account, or ask whoever started the preview.',
  ERR_LOGIN_STALE: 'Open the address of the preview again, and sign in from there.',
  ERR_LINK_SPENT: 'Ask whoever gave it to you for a new one.',
  ERR_TOKEN_REFUSED: 'Ask the operator, who finds the reason in the log by the error id.',
  ERR_COMMAND_FAILED: 'Correct what the message names, then give the command again.',
  ERR_NOT_AUTHORISED: 'Ask an administrator of the gateway.',
  ERR_CONFLICT: 'See what is there already, then give the command again.',
  ERR_INTERNAL: 'Try again; if it stays, tell the operator the error id.',
};

/** What to do about a failure, in one sentence. */
export function adviceFor(code: ErrorCode): string {
  return byCode[code] ?? (errorTable[code].retryable ? retryLater : checkAddress);
}

/** The same where cookies are too many or too large: every preview can set some that all the others are sent. */
export function adviceOnCookies(domain: string): string {
  return `Load this page again, as some of them are removed now; if it stays, delete in your browser's settings the cookies of ${domain} and of the hosts below it: another preview may have set some for the whole domain.`;
}
