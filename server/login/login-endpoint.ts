import type { GrantRecord } from '../access/grant-record.ts';
import { withGrant } from '../access/login-cookie.ts';
import { handOverUrl, readHandOver, type HandOver } from '../access/hand-over.ts';
import { loginPath } from '../access/own-paths.ts';
import { findPassword, passwordsOf } from '../access/place-passwords.ts';
import { PendingBySource } from '../access/pending-by-source.ts';
import type { Place } from '../access/viewer.ts';
import type { EndpointAnswer, EndpointCall } from '../pages/own-endpoint.ts';
import { keepLogin, readBrowser } from './browser.ts';
import type { Entry } from './entry.ts';
import type { Form } from './form-body.ts';
import { beginAnew, redirectTo } from './going-on.ts';
import type { LoginContext } from './login-context.ts';
import type { LoginPath } from './login-path.ts';
import { loginPage } from './login-page.ts';
import { accountPath, queryOf } from './paths.ts';
import { busyAnswer, limitedAnswer } from './spent-page.ts';

/** Checking a password takes its time on purpose: one source must not have all of it. */
const maxChecksPerSource = 4;

/** `/_porthole/login`: where browsers come that want in, with the form for passwords. */
export class LoginEndpoint implements LoginPath {
  readonly path = loginPath;
  readonly #context: LoginContext;
  readonly #entry: Entry;
  readonly #checking = new PendingBySource(maxChecksPerSource);

  constructor(context: LoginContext, entry: Entry) {
    this.#context = context;
    this.#entry = entry;
  }

  get(call: EndpointCall): Promise<EndpointAnswer> | EndpointAnswer {
    const browser = readBrowser(call.headers.cookie, this.#context);
    if (!queryOf(call.path).has('to')) {
      if (browser.login !== undefined) return redirectTo(`${this.#context.loginOrigin}${accountPath}`);
      return { kind: 'answer', answer: loginPage(this.#entry.parts(call, undefined)) };
    }
    const target = readHandOver(call.path);
    if (!target.ok) return badTarget(target.problem);
    return this.#entry.enter({ call, target: target.value, browser });
  }

  /** The password of a preview. For one that has none, or is not there, it takes as long, and says the same. */
  async post(call: EndpointCall, form: Form): Promise<EndpointAnswer> {
    const target = readTarget(form);
    const password = form.get('password');
    if (target === undefined || password === undefined) return badTarget('the form is not complete');
    const place = this.#entry.placeOf(target, call);
    const { attempts, grants, loginOrigin, now } = this.#context;
    const allowed = attempts.check(call.address, place.env);
    if (!allowed.ok) return limitedAnswer(allowed.retryAfterSeconds);
    if (this.#checking.isFull(call.address)) return busyAnswer;
    const end = this.#checking.begin(call.address);
    const passwords = passwordsOf(place, { grants, nowMs: now() });
    const grant = await findPassword(password, place, passwords).finally(end);
    const browser = readBrowser(call.headers.cookie, this.#context);
    if (grant === undefined) {
      this.#refuse(call, place);
      return this.#entry.page({ call, target, browser }, { wrongPassword: true });
    }
    attempts.succeeded(call.address, place.env);
    this.#note(call, grant);
    const headers = keepLogin(withGrant(browser.state, grant.id), this.#context);
    return beginAnew(call, handOverUrl(loginOrigin, target), headers);
  }

  #refuse({ address }: EndpointCall, { env }: Place): void {
    const { attempts, audit, now } = this.#context;
    attempts.failed(address, env);
    audit.record({ at: now(), address, action: 'password.refused', target: env, result: 'refused' });
  }

  #note({ address }: EndpointCall, { id, env, service }: GrantRecord): void {
    const { grants, audit, now } = this.#context;
    const detail = { id, ...(service !== undefined && { service }) };
    audit.record({ at: now(), address, action: 'password.use', target: env, result: 'ok', detail });
    grants.used(id, { at: now(), address });
  }
}

/** What the forms of the login pages say they are for. */
export function readTarget(form: Form): HandOver | undefined {
  const query = new URLSearchParams();
  for (const name of ['to', 'return', 'state', 'share']) {
    const value = form.get(name);
    if (value !== undefined) query.set(name, value);
  }
  const target = readHandOver(`?${query.toString()}`);
  return target.ok ? target.value : undefined;
}

export function badTarget(problem: string): EndpointAnswer {
  return {
    kind: 'failure',
    code: 'ERR_BAD_REQUEST',
    reason: `This login page was not asked for as it should be: ${problem}.`,
    next: 'Open the preview by its own address.',
    page: true,
  };
}
