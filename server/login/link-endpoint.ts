import { handOverQuery, handOverUrl, readHandOver, type HandOver } from '../access/hand-over.ts';
import type { GrantRecord } from '../access/grant-record.ts';
import { withGrant } from '../access/login-cookie.ts';
import { loginPath } from '../access/own-paths.ts';
import { markup, type Html } from '../pages/html.ts';
import type { EndpointAnswer, EndpointCall } from '../pages/own-endpoint.ts';
import { pageAnswer } from '../pages/page-answer.ts';
import { timeText } from '../pages/time-text.ts';
import { keepLogin, readBrowser } from './browser.ts';
import type { Entry } from './entry.ts';
import type { Form } from './form-body.ts';
import { beginAnew, redirectTo } from './going-on.ts';
import type { LoginContext } from './login-context.ts';
import { badTarget, readTarget } from './login-endpoint.ts';
import type { LoginPath } from './login-path.ts';
import { linkPath } from './paths.ts';
import { lookAtSecret, takeGrant } from './shown-secret.ts';
import { limitedAnswer, spentAnswer } from './spent-page.ts';
import { targetFields } from './ways-in.ts';

/**
 * `/_porthole/login/link`: takes share links that only so many browsers may take. Whatever only looks at links, such as a messenger that
 * shows what is behind them, gets a page with a button, and does not use them up.
 */
export class LinkEndpoint implements LoginPath {
  readonly path = linkPath;
  readonly #context: LoginContext;
  readonly #entry: Entry;

  constructor(context: LoginContext, entry: Entry) {
    this.#context = context;
    this.#entry = entry;
  }

  get(call: EndpointCall): EndpointAnswer {
    const target = readHandOver(call.path);
    if (!target.ok) return badTarget(target.problem);
    const grant = this.#grantFor(call, target.value);
    if (!('id' in grant)) return grant;
    return { kind: 'answer', answer: this.#page(call, target.value, grant) };
  }

  async post(call: EndpointCall, form: Form): Promise<EndpointAnswer> {
    const target = readTarget(form);
    if (target === undefined) return badTarget('the form is not complete');
    const grant = this.#grantFor(call, target);
    if (!('id' in grant)) return grant;
    const { state } = readBrowser(call.headers.cookie, this.#context);
    // Each browser takes it once.
    if (!state.grants.includes(grant.id) && (await takeGrant(grant, call, this.#context)) === 'spent')
      return spentAnswer(call);
    const { share: _taken, ...clean } = target;
    const headers = keepLogin(withGrant(state, grant.id), this.#context);
    return beginAnew(call, handOverUrl(this.#context.loginOrigin, clean), headers);
  }

  /** The grant of a link that is taken here, or what is answered instead. */
  #grantFor(call: EndpointCall, target: HandOver): GrantRecord | EndpointAnswer {
    const shown = lookAtSecret(target, { place: this.#entry.placeOf(target, call), call }, this.#context);
    if (shown.kind === 'limited') return limitedAnswer(shown.retryAfterSeconds);
    if (shown.kind !== 'genuine' || target.share === undefined) return spentAnswer(call);
    const { grant } = shown;
    if (grant.emails.length > 0)
      return redirectTo(`${this.#context.loginOrigin}${loginPath}?${handOverQuery(target)}`);
    const { state } = readBrowser(call.headers.cookie, this.#context);
    const isUsedUp = grant.maxUses !== undefined && grant.uses >= grant.maxUses;
    return isUsedUp && !state.grants.includes(grant.id) ? spentAnswer(call) : grant;
  }

  #page(call: EndpointCall, target: HandOver, grant: GrantRecord) {
    const heading = `Open the preview ${target.label}?`;
    return pageAnswer({
      ...this.#entry.parts(call, target),
      status: 200,
      title: heading,
      main: markup`<h1>${heading}</h1>
<p>${termsOf(grant)}</p>
<form method="post" action="${linkPath}">
${targetFields(target)}
<button class="main">Open the preview</button>
</form>
`,
    });
  }
}

function termsOf({ maxUses, expiresAt }: GrantRecord): Html {
  const many = maxUses === 1 ? 'one browser' : `${String(maxUses)} browsers`;
  const uses =
    maxUses === undefined
      ? undefined
      : markup`The link lets ${many} in, and counts yours when you press the button. `;
  const until =
    expiresAt === undefined ? undefined : markup`What it opens stays open until ${timeText(expiresAt)}.`;
  return markup`${uses}${until}`;
}
