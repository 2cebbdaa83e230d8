import { withGrant } from '../access/login-cookie.ts';
import { parseLabel } from '../../core/names.ts';
import { handOverQuery, type HandOver } from '../access/hand-over.ts';
import { isInFrame } from '../access/origins.ts';
import type { Pass } from '../access/pass.ts';
import { nowhere } from '../access/place-of.ts';
import { hidden, type Place } from '../access/viewer.ts';
import { visitorAllowed } from '../access/visitor-networks.ts';
import type { EndpointAnswer, EndpointCall } from '../pages/own-endpoint.ts';
import { browserOf, keepLogin, openingPass, type Browser } from './browser.ts';
import { embedPage, handBackPage } from './embed-pages.ts';
import { endEmbedding, isEmbedding, keepEmbedding } from './embedding.ts';
import { redirectTo } from './going-on.ts';
import { codeUrl, hostOrigin, issueCode, nextHosts } from './hand-back.ts';
import type { LoginContext, OfferedProviders } from './login-context.ts';
import { loginPage, notYoursPage, type LoginPageParts } from './login-page.ts';
import { linkPath, queryOf } from './paths.ts';
import { lookAtSecret, takeGrant, type Shown } from './shown-secret.ts';
import { limitedAnswer, spentAnswer } from './spent-page.ts';

/** What is asked of the entry: by whom, for what. */
export interface Asked {
  readonly call: EndpointCall;
  readonly target: HandOver;
  readonly browser: Browser;
}

/**
 * Where a host of an environment sends browsers that show it nothing: whoever has something that opens it is sent back with a one-time
 * code, everybody else gets a page with the ways in.
 */
export class Entry {
  readonly #context: LoginContext;
  readonly #providers: OfferedProviders;

  constructor(context: LoginContext, providers: OfferedProviders) {
    this.#context = context;
    this.#providers = providers;
  }

  /** Rejects with `ERR_STORE_UNAVAILABLE`. */
  async enter(asked: Asked): Promise<EndpointAnswer> {
    const { target, browser, call } = asked;
    const place = this.placeOf(target, call);
    const pass = openingPass(browser, place, this.#context);
    if (pass !== undefined) return this.#handBack(asked, pass);
    // In the midst of a chain: the host where it began lets the browser in, or asks anew. What is open to all needs no pass.
    if (target.chain !== undefined || place.access === 'public')
      return redirectTo(`${hostOrigin(target.chain?.home ?? target.label, this.#context)}${target.path}`);
    return this.#show(asked, lookAtSecret(target, { place, call }, this.#context));
  }

  /** As it is for whoever asks: nothing is there for those who come from a network that it is not for. */
  placeOf({ label }: HandOver, { address }: Pick<EndpointCall, 'address'>): Place {
    const place = this.#context.places.placeOf(label) ?? nowhere(parseLabel(label)?.env ?? label, label);
    return visitorAllowed(place.from, address) ? place : hidden(place);
  }

  /** The page with the ways in, for whoever has nothing that opens it. */
  page(
    { call, target, browser }: Asked,
    more: { wrongPassword?: boolean; note?: string } = {},
  ): EndpointAnswer {
    const { login } = browser;
    if (asksForJson(call))
      return { kind: 'failure', code: login === undefined ? 'ERR_LOGIN_REQUIRED' : 'ERR_ENV_UNKNOWN' };
    const parts = { ...this.parts(call, target), target, wrongPassword: more.wrongPassword ?? false };
    const answer =
      login === undefined
        ? loginPage(parts, more.note)
        : notYoursPage(parts, login.session.account, more.note);
    return { kind: 'answer', answer };
  }

  parts(call: EndpointCall, target: HandOver | undefined): LoginPageParts {
    const { domain, sshPort, loginOrigin, urls } = this.#context;
    const { protocol, host } = new URL(urls.rootUrl);
    const embedding = target !== undefined && isEmbedding(call, target, this.#context);
    return {
      target,
      providers: this.#providers.list(),
      domain,
      sshPort,
      wrongPassword: false,
      requestId: call.requestId,
      forms: [loginOrigin, `${protocol}//${host}`, `${protocol}//*.${host}`].filter(once),
      opener: embedding,
      headers: embedding ? keepEmbedding(target) : [],
    };
  }

  async #show(asked: Asked, shown: Shown): Promise<EndpointAnswer> {
    const { call, target, browser } = asked;
    switch (shown.kind) {
      case 'none':
        return this.#unopened(asked);
      case 'limited':
        return limitedAnswer(shown.retryAfterSeconds);
      case 'spent':
        return spentAnswer(call);
      case 'genuine': {
        const { grant } = shown;
        // Whom it invites has a pass by it, once they are logged in.
        if (grant.emails.length > 0) return this.page(asked, { note: forOthers(browser) });
        if (grant.maxUses !== undefined)
          return redirectTo(`${this.#context.loginOrigin}${linkPath}?${handOverQuery(target)}`);
        if ((await takeGrant(grant, call, this.#context)) === 'spent') return spentAnswer(call);
        const state = withGrant(browser.state, grant.id);
        const headers = keepLogin(state, this.#context);
        const taken = { ...asked, browser: browserOf(state, this.#context) };
        return this.#handBack(taken, { kind: 'grant', id: grant.id }, headers);
      }
    }
  }

  #unopened(asked: Asked): EndpointAnswer {
    const { call, target } = asked;
    const { embedOrigins } = this.#context;
    if (embedOrigins.length === 0 || !isInFrame(call.headers)) return this.page(asked);
    return { kind: 'answer', answer: embedPage({ call, target, context: this.#context }) };
  }

  #handBack({ call, target }: Asked, pass: Pass, headers: readonly string[] = []): EndpointAnswer {
    const context = this.#context;
    const anew = queryOf(call.path).get('anew') === '1';
    if (isEmbedding(call, target, context)) {
      const code = issueCode(target, { pass, next: [] }, context);
      const all = [...headers, ...endEmbedding()];
      return { kind: 'answer', answer: handBackPage({ call, code, target, context, headers: all }) };
    }
    const { address } = call;
    // The other hosts' cookies would be those of another site there.
    const next = isInFrame(call.headers) ? [] : nextHosts(target, { pass, address }, context);
    const code = issueCode(target, { pass, next }, context);
    return redirectTo(codeUrl(target.label, code, { anew, context }), headers);
  }
}

/** A program that was sent here. */
function asksForJson({ headers: { accept = '' } }: EndpointCall): boolean {
  return accept.includes('application/json') && !accept.includes('text/html');
}

function forOthers({ login }: Browser): string {
  return login === undefined
    ? 'The link that you opened is for certain people: sign in with the address that it was made for.'
    : 'The link that you opened is for somebody else.';
}

function once(each: string, at: number, all: readonly string[]): boolean {
  return all.indexOf(each) === at;
}
