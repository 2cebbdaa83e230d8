import { grantProblem, type GrantRecord } from '../access/grant-record.ts';
import { handOverUrl } from '../access/hand-over.ts';
import { noLogin, type LoginState } from '../access/login-cookie.ts';
import { loginPath } from '../access/own-paths.ts';
import type { SessionRecord } from '../access/session-record.ts';
import { markup } from '../pages/html.ts';
import type { EndpointAnswer, EndpointCall } from '../pages/own-endpoint.ts';
import { pageAnswer } from '../pages/page-answer.ts';
import { accountMain } from './account-page.ts';
import { keepLogin, readBrowser, type Browser } from './browser.ts';
import type { Form } from './form-body.ts';
import { redirectTo } from './going-on.ts';
import type { LoginContext } from './login-context.ts';
import { readTarget } from './login-endpoint.ts';
import type { LoginPath } from './login-path.ts';
import { accountPath } from './paths.ts';
import { endSessions, ownSessions } from './session-start.ts';

/** `/_porthole/account`: who is logged in, where else, and what this browser opens; and the way out. */
export class AccountEndpoint implements LoginPath {
  readonly path = accountPath;
  readonly #context: LoginContext;

  constructor(context: LoginContext) {
    this.#context = context;
  }

  get(call: EndpointCall): EndpointAnswer {
    const browser = readBrowser(call.headers.cookie, this.#context);
    const { login } = browser;
    const { sessions, now } = this.#context;
    if (login !== undefined) sessions.seen(login.session.id, { at: now(), address: call.address });
    const grants = this.#liveGrants(browser.state);
    const answer = pageAnswer({
      status: login === undefined && grants.length === 0 ? 401 : 200,
      requestId: call.requestId,
      title: login === undefined ? 'Not signed in' : 'Your account',
      forms: [this.#context.loginOrigin],
      main: accountMain({
        login,
        sessions: login === undefined ? [] : ownSessions(login, this.#context),
        grants,
      }),
    });
    return { kind: 'answer', answer };
  }

  async post(call: EndpointCall, form: Form): Promise<EndpointAnswer> {
    const browser = readBrowser(call.headers.cookie, this.#context);
    switch (form.get('action')) {
      case 'sign-out':
        await this.#end(call, browser.login === undefined ? [] : [browser.login.session], 'signed out');
        return this.#signedOut(call, form);
      case 'sign-out-everywhere':
        await this.#end(call, this.#own(browser), 'signed out everywhere');
        return this.#signedOut(call, form);
      case 'end': {
        const id = form.get('session');
        const ended = this.#own(browser).filter((session) => session.id === id);
        await this.#end(call, ended, 'signed out from another browser');
        return this.#backToAccount();
      }
      case 'forget':
        return this.#backToAccount(keepLogin({ ...browser.state, grants: [] }, this.#context));
      default:
        return { kind: 'failure', code: 'ERR_BAD_REQUEST', reason: 'The form is not complete.', page: true };
    }
  }

  #own({ login }: Browser): readonly SessionRecord[] {
    return login === undefined ? [] : ownSessions(login, this.#context);
  }

  async #end(call: EndpointCall, ended: readonly SessionRecord[], reason: string): Promise<void> {
    await endSessions(ended, { reason, call, context: this.#context });
  }

  #backToAccount(headers: readonly string[] = []): EndpointAnswer {
    return redirectTo(`${this.#context.loginOrigin}${accountPath}`, headers);
  }

  /** The cookies of previews' hosts name the session, and die with it. Goes on to log in anew where that was the purpose. */
  #signedOut(call: EndpointCall, form: Form): EndpointAnswer {
    const headers = keepLogin(noLogin, this.#context);
    const target = form.has('to') ? readTarget(form) : undefined;
    if (target !== undefined) return redirectTo(handOverUrl(this.#context.loginOrigin, target), headers);
    const answer = pageAnswer({
      status: 200,
      requestId: call.requestId,
      title: 'Signed out',
      main: markup`<h1>You are signed out</h1>
<p>Previews that your account opened are closed in this browser.</p>
<p><a href="${loginPath}">Sign in again</a></p>
`,
      headers,
    });
    return { kind: 'answer', answer };
  }

  #liveGrants({ grants }: LoginState): readonly GrantRecord[] {
    const { now } = this.#context;
    return grants
      .map((id) => this.#context.grants.byId(id))
      .filter((grant) => grant !== undefined)
      .filter((grant) => {
        const { env, service } = grant;
        const { owner } = this.#context.places.placeOf(env) ?? { owner: undefined };
        return grantProblem(grant, { env, service, owner }, now()) === undefined;
      });
  }
}
