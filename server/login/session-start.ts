import { errorTable } from '../../core/errors.ts';
import { handOverUrl, type HandOver } from '../access/hand-over.ts';
import { newSessionId } from '../access/record-ids.ts';
import { accountName, type Account, type NewSession, type SessionRecord } from '../access/session-record.ts';
import type { EndpointAnswer, EndpointCall } from '../pages/own-endpoint.ts';
import type { AuditEntry } from '../store/audit-entry.ts';
import { keepLogin, readBrowser, type Browser } from './browser.ts';
import { beginAnew } from './going-on.ts';
import type { LoginContext } from './login-context.ts';
import { guarded } from './login-path.ts';
import { accountPath } from './paths.ts';
import type { SignIn, SignInWay } from './sign-in.ts';

const maxUserAgent = 256;

/** Starts sessions in the store, and gives browsers the cookie that names them. */
export class SessionStart implements SignIn {
  readonly #context: LoginContext;

  constructor(context: LoginContext) {
    this.#context = context;
  }

  signIn(
    account: Account,
    call: EndpointCall,
    then: HandOver | undefined,
    how: SignInWay,
  ): Promise<EndpointAnswer> {
    return guarded(() => this.#signIn(account, call, { then, how }), call, this.#context);
  }

  async #signIn(
    account: Account,
    call: EndpointCall,
    { then, how }: { then: HandOver | undefined; how: SignInWay },
  ): Promise<EndpointAnswer> {
    const { sessions, viewers, loginOrigin } = this.#context;
    if (viewers.viewerOf(account) === undefined) return refused;
    const browser = readBrowser(call.headers.cookie, this.#context);
    const session = this.#newSession(account, call, how);
    await sessions.start(session, {
      ...whoDid(session, call),
      action: how.action,
      detail: { ...how.detail, session: session.id, browser: session.userAgent },
    });
    if (browser.login !== undefined) await this.#endFormer(browser.login.session, call);
    const headers = keepLogin({ sessionId: session.id, grants: browser.state.grants }, this.#context);
    const url = then === undefined ? `${loginOrigin}${accountPath}` : handOverUrl(loginOrigin, then);
    return beginAnew(call, url, headers);
  }

  /** It lives no longer than what it came by. */
  #newSession(
    account: Account,
    { address, headers }: EndpointCall,
    { until = Infinity }: SignInWay,
  ): NewSession {
    const { now, sessionTtlMs } = this.#context;
    const createdAt = now();
    const certificateEnd = account.kind === 'key' ? account.certificate?.expiresAt : undefined;
    return {
      id: newSessionId(),
      account,
      createdAt,
      createdFrom: address,
      userAgent: (headers.userAgent ?? '').slice(0, maxUserAgent),
      expiresAt: Math.min(createdAt + sessionTtlMs, certificateEnd ?? Infinity, until),
    };
  }

  /** A browser has one login at a time. The new one has begun, whatever becomes of this. */
  async #endFormer(former: SessionRecord, call: EndpointCall): Promise<void> {
    try {
      await endSessions([former], { reason: 'signed in anew', call, context: this.#context });
    } catch (err) {
      this.#context.log.warn({ err, session: former.id }, 'the former login of a browser was not ended');
    }
  }
}

/** Ends logins of one account. Rejects with `ERR_STORE_UNAVAILABLE`. */
export async function endSessions(
  ended: readonly SessionRecord[],
  { reason, call, context }: { reason: string; call: EndpointCall; context: LoginContext },
): Promise<void> {
  const [first] = ended;
  if (first === undefined) return;
  const ids = ended.map(({ id }) => id);
  await context.sessions.end(ids, reason, {
    ...whoDid({ account: first.account, createdAt: context.now() }, call),
    action: 'session.end',
    detail: { sessions: ids, reason },
  });
}

/** Whether a browser is somebody's own: for whom it is logged in. */
export function sameAccount(a: Account, b: Account): boolean {
  if (a.kind === 'key') return b.kind === 'key' && a.principal === b.principal;
  return b.kind === 'person' && a.provider === b.provider && a.subject === b.subject;
}

/** The live sessions of whoever is logged in, the newest first. */
export function ownSessions(
  { session }: NonNullable<Browser['login']>,
  { sessions, now }: Pick<LoginContext, 'sessions' | 'now'>,
): readonly SessionRecord[] {
  return [...sessions.all()]
    .filter((each) => each.endedAt === undefined && each.expiresAt > now())
    .filter((each) => sameAccount(each.account, session.account))
    .toSorted((a, b) => b.createdAt - a.createdAt);
}

function whoDid(
  { account, createdAt }: Pick<NewSession, 'account' | 'createdAt'>,
  { address }: EndpointCall,
): Omit<AuditEntry, 'action'> {
  const name = accountName(account);
  const key = account.kind === 'key' ? { fingerprint: account.fingerprint } : {};
  return { at: createdAt, principal: name, ...key, address, target: name, result: 'ok' };
}

const refused: EndpointAnswer = {
  kind: 'failure',
  code: 'ERR_LOGIN_REFUSED',
  reason: errorTable.ERR_LOGIN_REFUSED.message,
  next: 'Ask the operator of this gateway who may log in.',
  page: true,
};
