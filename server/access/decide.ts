import type { Access } from '../../core/forward.ts';
import { shareCookie, shareCookiesIn } from './share-cookie.ts';
import { ownerMark, verifyGrant } from './share-link.ts';
import type { ShareGrant, SharePurpose } from './share-link.ts';
import { shareTokensIn, stripShareParameter } from './strip.ts';

/** What is known of one request or upgrade when it asks for an environment. */
export interface AccessRequest {
  readonly env: string;
  /** The principal that owns the environment; undefined when nobody does. */
  readonly owner: string | undefined;
  /** Of what is asked for; `team` is as closed as `private` while there are no accounts. */
  readonly access: Access;
  /** With its query. */
  readonly path: string;
  readonly cookie: string | undefined;
  /** The value of the `Porthole-Share` header, for programs. */
  readonly shareHeader: string | undefined;
  /** A browser that goes to a page by GET or HEAD, and can be sent on to another address. */
  readonly navigation: boolean;
}

export type AccessDecision =
  | {
      readonly kind: 'allow';
      readonly via: 'public' | 'cookie' | 'link' | 'header';
      /** Remembers the visitor who came by a link. */
      readonly setCookie: string | undefined;
    }
  /** A good link in the address bar: the answer is a redirect to `path`, which no longer has it. */
  | { readonly kind: 'exchange'; readonly path: string; readonly setCookie: string }
  | { readonly kind: 'deny' };

export interface AccessContext {
  readonly key: Uint8Array;
  readonly nowMs: number;
}

const openToAll: AccessDecision = { kind: 'allow', via: 'public', setCookie: undefined };
const denied: AccessDecision = { kind: 'deny' };

/** The one decision on who may visit: asked for every request and every upgrade, on what is true at that moment. */
export function decideAccess(request: AccessRequest, context: AccessContext): AccessDecision {
  if (request.access === 'public') return openToAll;
  const grantOf = (purpose: SharePurpose, tokens: readonly string[]): ShareGrant | undefined =>
    firstGrant(request, purpose, tokens, context);
  const byLink = grantOf('link', shareTokensIn(request.path).slice(0, 4));
  if (byLink !== undefined) return fromLink(request, byLink, context);
  if (grantOf('cookie', shareCookiesIn(request.cookie)) !== undefined) {
    return { kind: 'allow', via: 'cookie', setCookie: undefined };
  }
  const header = request.shareHeader === undefined ? [] : [request.shareHeader];
  if (grantOf('link', header) !== undefined) return { kind: 'allow', via: 'header', setCookie: undefined };
  return denied;
}

function firstGrant(
  { env, owner }: AccessRequest,
  purpose: SharePurpose,
  tokens: readonly string[],
  { key, nowMs }: AccessContext,
): ShareGrant | undefined {
  for (const token of tokens) {
    const grant = verifyGrant(key, purpose, token, nowMs);
    if (grant?.env === env && (owner === undefined || grant.owner === ownerMark(owner))) return grant;
  }
  return undefined;
}

/** The token must not stay in the address bar, in the history and in `Referer`; a program may use it as it is. */
function fromLink(request: AccessRequest, grant: ShareGrant, { key, nowMs }: AccessContext): AccessDecision {
  const setCookie = shareCookie(key, grant, nowMs);
  if (!request.navigation) return { kind: 'allow', via: 'link', setCookie };
  return { kind: 'exchange', path: stripShareParameter(request.path), setCookie };
}
