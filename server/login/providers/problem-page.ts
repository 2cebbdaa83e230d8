import { STATUS_CODES } from 'node:http';
import { errorTable, type ErrorCode } from '../../../core/errors.ts';
import { markup, type Html } from '../../pages/html.ts';
import type { EndpointAnswer, EndpointCall } from '../../pages/own-endpoint.ts';
import { pageAnswer } from '../../pages/page-answer.ts';

/** Why a login did not come about, for whoever logs in. All of it is text. */
export interface LoginProblem {
  readonly code: ErrorCode;
  /** In place of what the table says of the code. */
  readonly reason?: string;
  readonly next: string;
  /** Where to go from here. */
  readonly links: readonly { readonly text: string; readonly href: string }[];
  readonly retryAfterSeconds?: number;
  /** `Set-Cookie` values. */
  readonly cookies?: readonly string[];
}

/** A page with ways to go on; JSON for programs. */
export function problemAnswer(problem: LoginProblem, call: EndpointCall): EndpointAnswer {
  const { code, next, retryAfterSeconds, cookies = [] } = problem;
  const { status, message } = errorTable[code];
  const reason = problem.reason ?? message;
  const setCookies = cookies.flatMap((cookie) => ['Set-Cookie', cookie]);
  if (call.headers.accept?.includes('text/html') !== true) {
    const retry = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
    return { kind: 'failure', code, reason, next, headers: setCookies, ...retry };
  }
  const { requestId } = call;
  const retry = retryAfterSeconds === undefined ? [] : ['Retry-After', String(retryAfterSeconds)];
  return {
    kind: 'answer',
    answer: pageAnswer({
      ...{ status, requestId, code, title: reason },
      main: mainOf({ ...problem, reason }, status),
      footer: markup`<dl><div><dt>Code</dt><dd>${code}</dd></div><div><dt>Error id</dt><dd>${requestId}</dd></div></dl>`,
      headers: ['Vary', 'Accept', ...retry, ...setCookies],
      // A preview that is shown in a frame may have opened it.
      opener: true,
    }),
  };
}

function mainOf({ reason, next, links }: LoginProblem & { readonly reason: string }, status: number): Html {
  const items = links.map(
    ({ text, href }, at) =>
      markup`<li><a class="${at === 0 ? 'button main' : 'button'}" href="${href}">${text}</a></li>`,
  );
  return markup`<p class="status">${status} ${STATUS_CODES[status]}</p>
<h1>${reason}</h1>
<p>${next}</p>
<ul class="choices">${items}</ul>
`;
}
