import t from 'tap';
import { problemAnswer } from '../../../../server/login/providers/problem-page.ts';
import { endpointCall } from '../../../support/endpoint-call.ts';
import { headersOf } from './started-logins.ts';

const problem = {
  code: 'ERR_LOGIN_REFUSED',
  reason: 'No <b>',
  next: 'Go & ask.',
  links: [{ text: 'There', href: '/x?a=1&b="2"' }],
  cookies: ['a=1', 'b=2'],
} as const;

t.test('a page for browsers, without anything foreign', async (t) => {
  const answer = headersOf(problemAnswer(problem, endpointCall({ headers: { accept: 'text/html,*/*' } })));
  t.match(answer, {
    status: 403,
    'content-type': ['text/html; charset=utf-8'],
    'cache-control': ['no-store'],
    'content-security-policy': [/^default-src 'none'.*frame-ancestors 'none'/],
    'porthole-error': ['ERR_LOGIN_REFUSED'],
    'porthole-error-id': ['r-1'],
    'set-cookie': ['a=1', 'b=2'],
  });
  t.match(answer.body, /<h1>No &#60;b&#62;<\/h1>\n<p>Go &#38; ask\.<\/p>/);
  t.match(answer.body, /<a class="button main" href="\/x\?a=1&#38;b=&#34;2&#34;">There<\/a>/);
  t.match(answer.body, /r-1/);
});

t.test('a failure for programs', async (t) => {
  t.same(problemAnswer({ ...problem, retryAfterSeconds: 5 }, endpointCall()), {
    kind: 'failure',
    code: 'ERR_LOGIN_REFUSED',
    reason: 'No <b>',
    next: 'Go & ask.',
    retryAfterSeconds: 5,
    headers: ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
  });
});
