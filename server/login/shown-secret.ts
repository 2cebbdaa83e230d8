import { grantIdOf } from '../access/grant-token.ts';
import { grantProblem, type GrantRecord } from '../access/grant-record.ts';
import type { HandOver } from '../access/hand-over.ts';
import type { Place } from '../access/viewer.ts';
import type { EndpointCall } from '../pages/own-endpoint.ts';
import type { LoginContext } from './login-context.ts';

/** What came of a share link or a token that a browser shows. */
export type Shown =
  | { readonly kind: 'none' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  /** Forged, over, or of something else. */
  | { readonly kind: 'spent' }
  | { readonly kind: 'genuine'; readonly grant: GrantRecord };

/** Looks at it; nothing is taken. Nobody guesses a genuine one, so that it is good from wherever others have failed. */
export function lookAtSecret(
  { share, token }: HandOver,
  { place, call }: { readonly place: Place; readonly call: EndpointCall },
  { attempts, grantKey, grants, now }: LoginContext,
): Shown {
  const text = share ?? token;
  if (text === undefined) return { kind: 'none' };
  const kind = share === undefined ? 'token' : 'link';
  const id = grantIdOf(grantKey, kind, text);
  if (id === undefined) {
    const allowed = attempts.check(call.address, place.env);
    if (!allowed.ok) return { kind: 'limited', retryAfterSeconds: allowed.retryAfterSeconds };
    attempts.failed(call.address, place.env);
    return { kind: 'spent' };
  }
  const grant = grants.byId(id);
  if (grant?.kind !== kind || grantProblem(grant, place, now()) !== undefined) return { kind: 'spent' };
  return { kind: 'genuine', grant };
}

/**
 * The browser takes what the grant opens: a link is counted, on the disk first, and may be used up meanwhile; of a token only that it was used
 * is noted. Rejects with `ERR_STORE_UNAVAILABLE`.
 */
export async function takeGrant(
  grant: GrantRecord,
  { address, headers }: EndpointCall,
  { grants, audit, now }: LoginContext,
): Promise<'taken' | 'spent'> {
  const use = { at: now(), address };
  const { id, env, kind, service = '' } = grant;
  const entry = {
    at: use.at,
    address,
    target: env,
    result: 'ok',
    detail: { id, ...(service !== '' && { service }), browser: (headers.userAgent ?? '').slice(0, 256) },
  } as const;
  if (kind === 'link') {
    const outcome = await grants.take(id, use, { ...entry, action: 'share.use' });
    return outcome === 'taken' ? 'taken' : 'spent';
  }
  if (grant.lastUsedAt === undefined) audit.record({ ...entry, action: 'token.use-first' });
  grants.used(id, use);
  return 'taken';
}
