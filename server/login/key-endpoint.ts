import { keyLoginPath, type LoginLink } from '../access/login-links.ts';
import { accountName } from '../access/session-record.ts';
import { markup } from '../pages/html.ts';
import type { EndpointAnswer, EndpointCall } from '../pages/own-endpoint.ts';
import { pageAnswer } from '../pages/page-answer.ts';
import { readBrowser } from './browser.ts';
import type { Form } from './form-body.ts';
import type { LoginContext } from './login-context.ts';
import type { LoginPath } from './login-path.ts';
import type { SignIn } from './sign-in.ts';
import { limitedAnswer, spentAnswer } from './spent-page.ts';
import { queryOf } from './paths.ts';

/** What wrong codes are counted for, where there is no environment. */
const attemptsTarget = 'login';

/**
 * `/_porthole/login/key`: the one-time links that `ssh gateway login` prints. The page says who one becomes: a link that somebody else
 * sends must not log anybody in without their knowledge, and looking at it does not use it up.
 */
export class KeyEndpoint implements LoginPath {
  readonly path = keyLoginPath;
  readonly #context: LoginContext;
  readonly #signIn: SignIn;

  constructor(context: LoginContext, signIn: SignIn) {
    this.#context = context;
    this.#signIn = signIn;
  }

  get(call: EndpointCall): EndpointAnswer {
    const code = queryOf(call.path).get('code') ?? '';
    const found = this.#look(call, () => this.#context.loginLinks.peek(code));
    if (found.kind !== 'link') return found.answer;
    return { kind: 'answer', answer: this.#page(call, found.link, code) };
  }

  async post(call: EndpointCall, form: Form): Promise<EndpointAnswer> {
    const found = this.#look(call, () => this.#context.loginLinks.take(form.get('code') ?? ''));
    if (found.kind !== 'link') return found.answer;
    const { account, until } = found.link;
    return this.#signIn.signIn(account, call, undefined, {
      action: 'session.start',
      detail: { by: 'key' },
      until,
    });
  }

  #look(
    call: EndpointCall,
    find: () => LoginLink | undefined,
  ):
    | { readonly kind: 'link'; readonly link: LoginLink }
    | { readonly kind: 'answer'; readonly answer: EndpointAnswer } {
    const { attempts } = this.#context;
    const { address } = call;
    const link = find();
    if (link !== undefined) return { kind: 'link', link };
    const allowed = attempts.check(address, attemptsTarget);
    if (!allowed.ok) return { kind: 'answer', answer: limitedAnswer(allowed.retryAfterSeconds) };
    attempts.failed(address, attemptsTarget);
    return { kind: 'answer', answer: spentAnswer(call) };
  }

  #page(call: EndpointCall, { account }: LoginLink, code: string) {
    const { login } = readBrowser(call.headers.cookie, this.#context);
    const name = accountName(account);
    const former =
      login === undefined
        ? undefined
        : markup`<p>This browser is signed in as <strong>${accountName(login.session.account)}</strong> now. That ends.</p>\n`;
    return pageAnswer({
      status: 200,
      requestId: call.requestId,
      title: `Sign in as ${name}?`,
      forms: [this.#context.loginOrigin],
      main: markup`<h1>Sign in as ${name} on this browser?</h1>
<p>Whoever uses this browser will see what ${name} may see. Go on only if you asked for this link yourself; else close this page.</p>
${former}<form method="post" action="${keyLoginPath}">
<input type="hidden" name="code" value="${code}">
<button class="main">Sign in as ${name}</button>
</form>
`,
    });
  }
}
