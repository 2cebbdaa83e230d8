import { parseLabel } from '../../core/names.ts';
import { embedCookieName } from './cookie-names.ts';
import type { AccessRequest, Redirection } from './decision.ts';
import { handOverUrl, readToken } from './hand-over.ts';
import { hostCookies, maxPlanted } from './host-cookie.ts';
import type { Held } from './host-cookie.ts';
import type { PassSources } from './opens.ts';
import { isInFrame, originOfHost } from './origins.ts';
import type { CookieRules } from './origins.ts';
import { stripQuery } from './own-query.ts';
import type { OwnQuery } from './own-query.ts';
import type { Places } from './places.ts';
import { hostsToPlant } from './planting.ts';
import { encodedPath, returnPath, safePath } from './safe-path.ts';
import type { Sealer } from './seal.ts';
import { stateHash, stateOf } from './state-cookie.ts';

export interface RedirectionsOptions extends CookieRules, PassSources {
  readonly places: Places;
  readonly sealer: Sealer;
}

/** Where browsers on their way to a page are sent. */
export class Redirections {
  readonly #options: RedirectionsOptions;

  constructor(options: RedirectionsOptions) {
    this.#options = options;
  }

  /** To the login pages, and back; undefined where no route can be, so that nothing is to be come back to. */
  toLogin(request: AccessRequest, { shares, tokens }: OwnQuery): Redirection | undefined {
    const label = this.#labelOf(request.host);
    if (label === undefined) return undefined;
    const embed = this.#options.embedOrigins.length > 0 && isInFrame(request.context);
    const { nonce, setCookie } = stateOf(request.cookie, { embed });
    const share = shares.map(readToken).find((text) => text !== undefined);
    const token = tokens.map(readToken).find((text) => text !== undefined);
    const location = handOverUrl(this.#options.loginOrigin, {
      label,
      path: returnPath(stripQuery(request.path)),
      state: stateHash(nonce),
      ...(share !== undefined && { share }),
      ...(token !== undefined && { token }),
    });
    return { location, setCookies: setCookie === undefined ? [] : [setCookie] };
  }

  /**
   * On the way to a page that the browser may see; undefined for nearly all. What is noted in the cookie is noted before it happens: a detour that
   * fails on its way is not made again.
   */
  detour(held: Held, request: AccessRequest, nowMs: number): Redirection | undefined {
    const { method, path, context } = request;
    if (!request.navigation || method !== 'GET') return undefined;
    if (stripQuery(path) !== path) return this.#withoutOwnQuery(request);
    // Only a browser says so; a program with its cookies is not led about.
    return context.secFetchDest === 'document' ? this.#throughHosts(held, request, nowMs) : undefined;
  }

  #withoutOwnQuery({ host, path }: AccessRequest): Redirection {
    const location = originOfHost(host, this.#options) + encodedPath(stripQuery(path));
    return { location, setCookies: [] };
  }

  #throughHosts(held: Held, request: AccessRequest, nowMs: number): Redirection | undefined {
    const { place, host, cookie, address } = request;
    const label = this.#labelOf(host);
    const path = safePath(encodedPath(request.path));
    if (label === undefined || path === undefined) return undefined;
    const here = { env: place.env, label };
    const rest = hostsToPlant(held, here, { ...this.#options, address, nowMs });
    if (rest.length === 0) return undefined;
    const { nonce, setCookie } = stateOf(cookie);
    const state = stateHash(nonce);
    const planted = [...held.planted, ...rest].slice(0, maxPlanted);
    const location = handOverUrl(this.#options.loginOrigin, {
      label,
      path,
      state,
      chain: { home: label, rest },
    });
    const setCookies = [...(setCookie === undefined ? [] : [setCookie])];
    return { location, setCookies: [...setCookies, ...this.cookies({ ...held, planted }, request, nowMs)] };
  }

  /** The cookies of the request's host for a pass, of the kinds that it has already. */
  cookies(
    held: Pick<Held, 'pass' | 'planted' | 'expiresAtMs'>,
    { host, cookie }: Pick<AccessRequest, 'host' | 'cookie'>,
    nowMs: number,
  ): readonly string[] {
    const embed = cookie?.includes(`${embedCookieName}=`) === true;
    return hostCookies(held, { host, sealer: this.#options.sealer, nowMs, embed });
  }

  /** Of a host that a route can have. */
  #labelOf(host: string): string | undefined {
    const suffix = `.${this.#options.domain}`;
    const label = host.endsWith(suffix) ? host.slice(0, -suffix.length) : '';
    return parseLabel(label) === undefined ? undefined : label;
  }
}
