import { handOverUrl, type HandOver } from '../access/hand-over.ts';
import { sessionPath } from '../access/own-paths.ts';
import type { Answer } from '../pages/answer.ts';
import { markup } from '../pages/html.ts';
import type { EndpointCall } from '../pages/own-endpoint.ts';
import { pageAnswer } from '../pages/page-answer.ts';
import { embedScript, handBackScript } from './embed-scripts.ts';
import { hostOrigin } from './hand-back.ts';
import type { LoginContext } from './login-context.ts';

interface Embedded {
  readonly call: EndpointCall;
  readonly target: HandOver;
  readonly context: LoginContext;
}

/** In a frame on a page of one of the embed origins, where nobody logs in: a button that opens a window for it. */
export function embedPage({ call, target, context }: Embedded): Answer {
  const { loginOrigin, embedOrigins } = context;
  const login = `${handOverUrl(loginOrigin, target)}&embed=1`;
  const host = `${hostOrigin(target.label, context)}${sessionPath}?code=`;
  return pageAnswer({
    status: 401,
    code: 'ERR_LOGIN_REQUIRED',
    requestId: call.requestId,
    title: `Sign in to open ${target.label}`,
    main: markup`<h1>Sign in to see ${target.label}</h1>
<p>That is done in a window of its own.</p>
<p><button class="main" id="open" data-login="${login}" data-host="${host}">Open the window</button></p>
<p id="said" role="status" aria-live="polite"></p>
<noscript><p>Without scripts, <a href="${handOverUrl(loginOrigin, target)}" target="_blank" rel="noopener">open the preview in a tab of its own</a>.</p></noscript>
`,
    script: embedScript,
    framedBy: embedOrigins,
    opener: true,
    headers: ['WWW-Authenticate', 'Bearer realm="porthole"'],
  });
}

/** In the window, when it is done. */
export function handBackPage({
  call,
  code,
  target,
  context,
  headers,
}: Embedded & { readonly code: string; readonly headers: readonly string[] }): Answer {
  return pageAnswer({
    status: 200,
    requestId: call.requestId,
    title: 'Signed in',
    main: markup`<h1 id="done" data-code="${code}">You are signed in</h1>
<p>Close this window, and go back to the page that opened it. If the preview does not show there, <a href="${hostOrigin(target.label, context)}/">open it here</a>.</p>
`,
    script: handBackScript,
    opener: true,
    headers,
  });
}
