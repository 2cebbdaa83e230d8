import { ownCookie } from '../access/cookie-names.ts';
import { cookieValues } from '../access/cookie-values.ts';
import type { HandOver } from '../access/hand-over.ts';
import type { EndpointCall } from '../pages/own-endpoint.ts';
import type { LoginContext } from './login-context.ts';
import { queryOf } from './paths.ts';

/** Which hand-over this window logs in for, while somebody logs in: the hash in its query, which is no secret. */
const embeddingCookieName = '__Host-porthole_embedding';
const lifeSeconds = 600;

/** A window that a page in a frame opened, to log in for it: by its address, or because it was that before somebody logged in at a provider. */
export function isEmbedding(
  { path, headers }: EndpointCall,
  { state }: HandOver,
  { embedOrigins }: Pick<LoginContext, 'embedOrigins'>,
): boolean {
  if (embedOrigins.length === 0) return false;
  if (queryOf(path).get('embed') === '1') return true;
  return cookieValues(headers.cookie, embeddingCookieName).includes(state);
}

export function keepEmbedding({ state }: HandOver): string[] {
  return ['Set-Cookie', ownCookie(embeddingCookieName, state, lifeSeconds)];
}

export function endEmbedding(): string[] {
  return ['Set-Cookie', ownCookie(embeddingCookieName, '', 0)];
}
