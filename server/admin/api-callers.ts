import { problem, type Parsed } from '../../core/parsed.ts';
import type { AccountIdentities } from '../access/account-identities.ts';
import { apiTokenPrefix, type ApiTokens } from '../access/api-tokens.ts';
import type { AttemptLimits } from '../access/attempt-limits.ts';
import { readAuthorization } from '../access/authorization-header.ts';
import type { KeyAccount } from '../access/key-account.ts';
import { readLogin } from '../access/login-cookie.ts';
import { liveSession } from '../access/opens.ts';
import type { Sealer } from '../access/seal.ts';
import type { SessionRecord, Sessions } from '../access/session-record.ts';
import type { Viewers } from '../access/viewer.ts';
import type { Caller, CallerVia } from '../identity/key-record.ts';
import type { EndpointAnswer, EndpointCall } from '../pages/own-endpoint.ts';

export interface ApiCallersOptions {
  readonly apiTokens: Pick<ApiTokens, 'accountOf'>;
  readonly identities: Pick<AccountIdentities, 'identityOf'>;
  readonly sessions: Pick<Sessions, 'byId' | 'seen'>;
  readonly viewers: Pick<Viewers, 'viewerOf'>;
  readonly sealer: Sealer;
  readonly attempts: Pick<AttemptLimits, 'check' | 'failed' | 'succeeded'>;
  /** Where people log in: `https://preview.example.com`, and its host. */
  readonly loginOrigin: string;
  readonly loginHost: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

type Failure = Extract<EndpointAnswer, { kind: 'failure' }>;

/** Who calls the API: asked anew each time, by what holds then. */
export type ApiCaller = { readonly kind: 'caller'; readonly caller: () => Parsed<Caller> } | Failure;

/** What wrong tokens are counted for, where there is no environment. */
const attemptsTarget = 'api';

const noMore = 'the key that this speaks for is not accepted here any more';

/** Says whom a request to the API comes from: by its token, or by the login of the browser that sends it. */
export class ApiCallers {
  readonly #options: ApiCallersOptions;

  constructor(options: ApiCallersOptions) {
    this.#options = options;
  }

  callerOf(call: EndpointCall): ApiCaller {
    // A browser sends its cookie anyway: what was put there on purpose counts.
    const { authorization } = call.headers;
    return authorization === undefined ? this.#bySession(call) : this.#byToken(authorization, call.address);
  }

  #byToken(authorization: string, address: string): ApiCaller {
    const { apiTokens, attempts } = this.#options;
    const shown = readAuthorization(authorization);
    const token = shown?.kind === 'bearer' ? shown.token : '';
    const said = apiTokens.accountOf(token);
    if (said === undefined) {
      const allowed = attempts.check(address, attemptsTarget);
      if (!allowed.ok) return limited(allowed.retryAfterSeconds);
      attempts.failed(address, attemptsTarget);
      return loginRequired(
        `this is no token for the API of this gateway: one begins with ${apiTokenPrefix}`,
        true,
      );
    }
    if (said.kind === 'expired') return loginRequired('the token has expired', true);
    attempts.succeeded(address, attemptsTarget);
    const { id, account, expiresAt: until } = said;
    return this.#callerBy(account, address, { kind: 'api-token', id, until });
  }

  #bySession(call: EndpointCall): ApiCaller {
    const { sealer, sessions, viewers, loginHost: host, now } = this.#options;
    const nowMs = now();
    // The cookie is for that host alone; programs send what they like.
    const { sessionId } =
      call.host === host ? readLogin(call.headers.cookie, { host, sealer, nowMs }) : { sessionId: undefined };
    const session = sessionId === undefined ? undefined : liveSession(sessionId, nowMs, sessions);
    if (session === undefined || viewers.viewerOf(session.account) === undefined)
      return loginRequired('this needs a token, or a browser that is signed in');
    if (!this.#isOwnPage(call)) return foreignPage;
    sessions.seen(session.id, { at: nowMs, address: call.address });
    const { account, id, expiresAt: until } = session;
    if (account.kind === 'person') return needsKey(session);
    return this.#callerBy(account, call.address, { kind: 'session', id, until });
  }

  #callerBy(account: KeyAccount, address: string, via: CallerVia): ApiCaller {
    const { identities, sessions, now } = this.#options;
    const caller = (): Parsed<Caller> => {
      const isOver = via.kind === 'session' && liveSession(via.id, now(), sessions) === undefined;
      const identity = isOver ? undefined : identities.identityOf(account);
      return identity === undefined ? problem(noMore) : { ok: true, value: { identity, address, via } };
    };
    return caller().ok ? { kind: 'caller', caller } : loginRequired(noMore, via.kind === 'api-token');
  }

  /** The hosts of previews are of the same site: what a browser sends by itself counts on pages of this very origin only. */
  #isOwnPage({ method, headers: { origin, secFetchSite } }: EndpointCall): boolean {
    const { loginOrigin } = this.#options;
    if (origin !== undefined && origin !== loginOrigin) return false;
    if (secFetchSite !== undefined && secFetchSite !== 'same-origin')
      // Typed by its user.
      return method === 'GET' && secFetchSite === 'none';
    return method === 'GET' || origin === loginOrigin;
  }
}

function loginRequired(reason: string, shownToken = false): Failure {
  const challenge = shownToken ? 'Bearer realm="porthole", error="invalid_token"' : 'Bearer realm="porthole"';
  return {
    kind: 'failure',
    code: 'ERR_LOGIN_REQUIRED',
    reason: sentence(reason),
    next: 'Make a token with porthole api-token, or ssh ... api-token, and send it as Authorization: Bearer TOKEN.',
    headers: ['WWW-Authenticate', challenge],
  };
}

function limited(retryAfterSeconds: number): Failure {
  return {
    kind: 'failure',
    code: 'ERR_LIMIT',
    reason: 'Too many attempts failed from your address.',
    next: `Try again in ${String(retryAfterSeconds)} seconds.`,
    retryAfterSeconds,
  };
}

const foreignPage: Failure = {
  kind: 'failure',
  code: 'ERR_ORIGIN_REFUSED',
  reason: 'The login of a browser is for pages of the gateway itself.',
  next: 'Programs send a token, as Authorization: Bearer TOKEN.',
};

/** A provider vouches for what they may see; only keys have roles. */
function needsKey({ account }: SessionRecord): Failure {
  const who = account.kind === 'person' ? account.provider : account.principal;
  return {
    kind: 'failure',
    code: 'ERR_NOT_AUTHORISED',
    reason: `This browser is signed in by ${who}, which says what you may see: commands are for accounts of keys.`,
    next: 'Sign in with the link that porthole login, or ssh ... login, prints for your key.',
  };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
