import { redirectAnswer } from '../pages/answer.ts';
import { markup } from '../pages/html.ts';
import type { EndpointAnswer, EndpointCall } from '../pages/own-endpoint.ts';
import { pageAnswer } from '../pages/page-answer.ts';

/** One step further on a way that began with a navigation. */
export function redirectTo(url: string, headers: readonly string[] = []): EndpointAnswer {
  return { kind: 'answer', answer: redirectAnswer(303, url, headers) };
}

/**
 * The first step after a form or a login provider. A browser gets a page that leads on by itself: redirections count as part of
 * the form, so that the page's policy would hold for wherever the preview itself sends people, and browsers follow no more than twenty
 * of them. A program gets a redirection.
 */
export function beginAnew(call: EndpointCall, url: string, headers: readonly string[] = []): EndpointAnswer {
  if (call.headers.secFetchMode !== 'navigate') return redirectTo(url, headers);
  const answer = pageAnswer({
    status: 200,
    requestId: call.requestId,
    title: 'One moment',
    head: markup`<meta http-equiv="refresh" content="0;url=${url}">\n`,
    main: markup`<h1>One moment …</h1>
<p>The next page opens by itself. If it does not, <a href="${url}">go on here</a>.</p>
`,
    opener: true,
    headers,
  });
  return { kind: 'answer', answer };
}
