import type { HandOver } from '../access/hand-over.ts';
import { accountName, type Account } from '../access/session-record.ts';
import type { Answer } from '../pages/answer.ts';
import { markup, type Html } from '../pages/html.ts';
import { pageAnswer } from '../pages/page-answer.ts';
import { accountPath } from './paths.ts';
import { passwordForm, providerButtons, targetFields, waysIn, type WaysIn } from './ways-in.ts';

/** What the pages of one gateway have in common. */
export interface LoginPageParts extends WaysIn {
  readonly requestId: string;
  /** Where forms may go. */
  readonly forms: readonly string[];
  /** The window was opened by a page that waits for it. */
  readonly opener: boolean;
  readonly headers: readonly string[];
}

/** 401: who is asked for something that not everybody may see. It is made of the request alone. */
export function loginPage(parts: LoginPageParts, note?: string): Answer {
  const { target, wrongPassword } = parts;
  const heading = target === undefined ? 'Sign in' : `Sign in to open ${target.label}`;
  return pageAnswer({
    ...answerParts(parts),
    status: wrongPassword ? 403 : 401,
    code: wrongPassword ? 'ERR_LOGIN_REFUSED' : 'ERR_LOGIN_REQUIRED',
    title: `${wrongPassword ? 'Wrong password: ' : ''}${heading}`,
    main: markup`<h1>${target === undefined ? heading : markup`Sign in to open ${nameOf(target)}`}</h1>
<p>${about(target)}</p>
${noted(note)}${waysIn(parts)}`,
    headers: [...parts.headers, 'WWW-Authenticate', 'Bearer realm="porthole"'],
  });
}

function about(target: HandOver | undefined): string {
  return target === undefined
    ? 'Once you are signed in, all previews that you may see open without another question.'
    : 'This preview is not open to everybody, or there is none by this name: that is told to those who may see it.';
}

/** 404: who is logged in, and may not see it, or there is nothing. */
export function notYoursPage(
  parts: LoginPageParts & { readonly target: HandOver },
  account: Account,
  note?: string,
): Answer {
  const { target, wrongPassword } = parts;
  const heading = `There is no preview ${target.label} here, or it is not for you`;
  return pageAnswer({
    ...answerParts(parts),
    status: wrongPassword ? 403 : 404,
    code: wrongPassword ? 'ERR_LOGIN_REFUSED' : 'ERR_ENV_UNKNOWN',
    title: heading,
    main: markup`<h1>There is no preview ${nameOf(target)} here, or it is not for you</h1>
<p>You are signed in as <a href="${accountPath}"><strong>${accountName(account)}</strong></a>. Check the name; or ask whoever runs the preview to let you in.</p>
${noted(note)}${signOutFirst(target)}${providerButtons(parts)}${passwordForm(target, wrongPassword)}`,
  });
}

function noted(note: string | undefined): Html | undefined {
  return note === undefined ? undefined : markup`<p class="wrong">${note}</p>\n`;
}

/** In one piece, where there is room for it. */
function nameOf({ label }: HandOver): Html {
  return markup`<span class="name">${label}</span>`;
}

function signOutFirst(target: HandOver): Html {
  return markup`<form method="post" action="${accountPath}">
<input type="hidden" name="action" value="sign-out">${targetFields(target)}
<button>Sign out and use another account</button>
</form>
`;
}

function answerParts({ requestId, forms, opener, headers }: LoginPageParts) {
  const footer = markup`<dl><div><dt>Error id</dt><dd>${requestId}</dd></div></dl>`;
  return { requestId, forms, opener, headers, footer };
}
