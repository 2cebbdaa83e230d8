import { AuthorizationResponseError, ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import { quote } from '../../../core/quote.ts';
import { ProviderUnavailable } from './provider-fetch.ts';

/** Why a login did not come about. `reason` is for the log and the audit: it has no secrets in it, and no claims. */
export type LoginFailure =
  /** The person, or the provider in their place, said no. */
  | { readonly kind: 'denied'; readonly reason: string }
  /** What came back is not what was asked for. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It might come about later, or when the operator has mended something. */
  | { readonly kind: 'unavailable'; readonly reason: string };

/** RFC 6749, 4.1.2.1 and OpenID Connect Core, 3.1.2.6: what people have in their own hands. */
const denials = ['access_denied', 'login_required', 'consent_required', 'interaction_required'];
const passing = ['temporarily_unavailable', 'server_error'];
/** Answers that are none. */
const unusable = [
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_MISSING_SERVER_METADATA',
  'OAUTH_INVALID_SERVER_METADATA',
  'OAUTH_JWT_USERINFO_EXPECTED',
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
];
const longestReason = 300;

/** What an error of openid-client, or of what it fetched with, means for the login. */
export function failureOf(error: unknown): LoginFailure {
  if (error instanceof AuthorizationResponseError) return answered(error.error, error.error_description);
  if (isClientRefused(error))
    return { kind: 'unavailable', reason: 'the provider does not take the client-id with its secret' };
  if (error instanceof ResponseBodyError) {
    const reason = `the provider says ${errorWords(error.error, error.error_description)}`;
    return { kind: passing.includes(error.error) ? 'unavailable' : 'refused', reason };
  }
  const chain = causesOf(error);
  const unavailable = chain.find((each) => each instanceof ProviderUnavailable);
  if (unavailable !== undefined) return { kind: 'unavailable', reason: unavailable.message };
  const told = chain.filter(isOfLibrary);
  return { kind: told.some(isUnusable) ? 'unavailable' : 'refused', reason: reasonOf(told) };
}

/** Whether the provider does not know this client, or not with the secret that was shown in this way. */
export function isClientRefused(error: unknown): boolean {
  if (error instanceof ResponseBodyError)
    return error.error === 'invalid_client' || error.error === 'unauthorized_client';
  return error instanceof WWWAuthenticateChallengeError && error.status === 401;
}

function answered(error: string, description: string | undefined): LoginFailure {
  const reason = `the provider says ${errorWords(error, description)}`;
  if (denials.includes(error)) return { kind: 'denied', reason };
  return { kind: passing.includes(error) ? 'unavailable' : 'refused', reason };
}

function errorWords(error: string, description: string | undefined): string {
  return description === undefined ? quote(error) : `${quote(error)}: ${quote(description)}`;
}

/** What is no answer, or lacks what every answer has; a token that is there and wrong is something else. */
function isUnusable(error: LibraryError): boolean {
  if (unusable.includes(error.code)) return true;
  return error.code === 'OAUTH_INVALID_RESPONSE' && Object.hasOwn(Object(error.cause) as object, 'body');
}

type LibraryError = Error & { readonly code: string };

function causesOf(error: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && chain.length < 5; each = each.cause) chain.push(each);
  return chain;
}

/** Others, such as those of `JSON.parse`, have parts of what was answered in their message. */
function isOfLibrary(error: Error & { readonly code?: unknown }): error is LibraryError {
  return typeof error.code === 'string' && error.code.startsWith('OAUTH_');
}

/** The words of the library itself: what it found is in causes that are no errors, and stays there. */
function reasonOf(chain: readonly LibraryError[]): string {
  const words = [...new Set(chain.map(({ message }) => message))];
  return words.length === 0 ? 'the login failed' : words.join(': ').slice(0, longestReason);
}
