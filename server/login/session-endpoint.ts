import { parseLabel } from '../../core/names.ts';
import type { HandOverCode } from '../access/hand-over-code.ts';
import { handOverQuery, handOverUrl, maxChain, readHandOver, type Chain } from '../access/hand-over.ts';
import { heldFor, hostCookies } from '../access/host-cookie.ts';
import { passOpens } from '../access/opens.ts';
import { isInFrame } from '../access/origins.ts';
import { sessionPath } from '../access/own-paths.ts';
import { hasState, stateHash, stateOf } from '../access/state-cookie.ts';
import { samePass } from '../access/pass.ts';
import type { SourceAllowance } from '../oidc/source-allowance.ts';
import type { EndpointAnswer, EndpointCall, OwnEndpoint } from '../pages/own-endpoint.ts';
import { beginAnew, redirectTo } from './going-on.ts';
import { hostOrigin } from './hand-back.ts';
import type { LoginContext } from './login-context.ts';
import { guarded } from './login-path.ts';
import { problemAnswer } from './providers/problem-page.ts';
import { limitedAnswer } from './spent-page.ts';
import { queryOf } from './paths.ts';

/** A call on the host of an environment. */
interface HostCall {
  readonly call: EndpointCall;
  readonly label: string;
  readonly env: string;
  readonly query: URLSearchParams;
}

/**
 * `/_porthole/session` on the hosts of environments: takes the one-time code that the login pages gave to this browser for this host, sets the
 * host's cookie, and goes on: to the next host of the environment, or to where the browser wanted to go.
 */
export function sessionEndpoint(context: LoginContext, sources: SourceAllowance): OwnEndpoint {
  const visits = new HandOverEnd(context);
  return {
    path: sessionPath,
    on: 'environments',
    methods: ['GET'],
    maxBodyBytes: 0,
    enter: (address) => sources.enter(address),
    answer: (call) => guarded(() => visits.answer(call), call, context),
  };
}

class HandOverEnd {
  readonly #context: LoginContext;

  constructor(context: LoginContext) {
    this.#context = context;
  }

  answer(call: EndpointCall): EndpointAnswer {
    const label = call.host.slice(0, -this.#context.domain.length - 1);
    const env = parseLabel(label)?.env;
    if (env === undefined) return { kind: 'failure', code: 'ERR_ENV_UNKNOWN', page: true };
    const visit = { call, label, env, query: queryOf(call.path) };
    return visit.query.get('join') === '1' ? this.#join(visit) : this.#take(visit);
  }

  /** The next host of a chain: asks for a code of its own. */
  #join(visit: HostCall): EndpointAnswer {
    const { query } = visit;
    const chain = {
      home: query.get('home') ?? '',
      rest: (query.get('rest') ?? '').split(',').filter((each) => each !== ''),
    };
    return this.#ask(visit, query.get('return') ?? '/', { chain });
  }

  #take(visit: HostCall): EndpointAnswer {
    const { call, env, query } = visit;
    const { attempts, codes } = this.#context;
    const code = codes.take(query.get('code') ?? '');
    if (code === undefined) {
      const allowed = attempts.check(call.address, env);
      if (!allowed.ok) return limitedAnswer(allowed.retryAfterSeconds);
      attempts.failed(call.address, env);
    }
    if (code?.host !== call.host) return this.#stale(visit, '/');
    if (!hasState(call.headers.cookie, code.state)) return this.#stale(visit, code.path);
    const url = this.#next(visit, code);
    const cookies = this.#cookies(visit, code);
    return this.#endsLongChain(visit, code) ? beginAnew(call, url, cookies) : redirectTo(url, cookies);
  }

  #cookies({ call }: HostCall, { pass, planted, expiresAtMs }: HandOverCode): string[] {
    const held = heldFor(call.headers.cookie, this.#cookieContext(call)).find((each) =>
      samePass(each.pass, pass),
    );
    const all = [...new Set([...(held?.planted ?? []), ...planted])];
    const embed = this.#isEmbedded(call);
    return hostCookies({ pass, planted: all, expiresAtMs }, { ...this.#cookieContext(call), embed }).flatMap(
      (cookie) => ['Set-Cookie', cookie],
    );
  }

  /** The next host of the chain, or at last the path on the first. */
  #next({ label }: HostCall, { path, planted, chain }: HandOverCode): string {
    const [home = label] = planted;
    const [next, ...rest] = chain;
    if (next === undefined) return `${hostOrigin(home, this.#context)}${path}`;
    const query = new URLSearchParams({ join: '1', home, rest: rest.join(','), return: path });
    return `${hostOrigin(next, this.#context)}${sessionPath}?${query.toString()}`;
  }

  /** Where there are more hosts than one chain has, the next one follows: more redirections than browsers follow. */
  #endsLongChain({ label, env }: HostCall, { planted: [home], chain }: HandOverCode): boolean {
    if (chain.length > 0 || home === label) return false;
    return this.#context.places.labelsOf(env).length > maxChain + 1;
  }

  /**
   * A code that was taken before, as when somebody goes back, or begun in another browser, or too long ago: never an error for whoever is in already, else
   * begun anew, once.
   */
  #stale(visit: HostCall, path: string): EndpointAnswer {
    const { call, label, query } = visit;
    const place = this.#context.places.placeOf(label);
    const isIn = heldFor(call.headers.cookie, this.#cookieContext(call)).some(
      ({ pass }) => place !== undefined && passOpens(pass, place, this.#context.now(), this.#context),
    );
    if (isIn) return redirectTo(`${hostOrigin(label, this.#context)}${path}`);
    if (query.get('anew') !== '1') return this.#ask(visit, path, { anew: true });
    const problem = {
      code: 'ERR_LOGIN_STALE',
      next: 'Begin anew. If you come back to this page, your browser does not accept the cookies of this preview.',
      links: [{ text: `Open ${label}`, href: '/' }],
    } as const;
    return problemAnswer(problem, call);
  }

  /** To the login pages, with the state that this browser has on this host. */
  #ask(
    { call, label }: HostCall,
    path: string,
    { chain, anew = false }: { readonly chain?: Chain; readonly anew?: boolean },
  ): EndpointAnswer {
    const { nonce, setCookie } = stateOf(call.headers.cookie, { embed: this.#isEmbedded(call) });
    const asked = { label, path, state: stateHash(nonce), ...(chain && { chain }) };
    // What comes by a query is held to what hosts themselves may ask for.
    const target = readHandOver(`?${handOverQuery(asked)}`);
    if (!target.ok)
      return {
        kind: 'failure',
        code: 'ERR_BAD_REQUEST',
        reason: `Bad query: ${target.problem}.`,
        page: true,
      };
    const url = handOverUrl(this.#context.loginOrigin, target.value);
    return redirectTo(
      `${url}${anew ? '&anew=1' : ''}`,
      setCookie === undefined ? [] : ['Set-Cookie', setCookie],
    );
  }

  #isEmbedded({ headers }: EndpointCall): boolean {
    return this.#context.embedOrigins.length > 0 && isInFrame(headers);
  }

  #cookieContext({ host }: EndpointCall) {
    const { sealer, now } = this.#context;
    return { host, sealer, nowMs: now() };
  }
}
