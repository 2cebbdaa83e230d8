import { loginPath } from '../access/own-paths.ts';
import type { EndpointAnswer, EndpointCall } from '../pages/own-endpoint.ts';
import { problemAnswer } from './providers/problem-page.ts';

/** 410: for links, tokens and codes that are forged, over, revoked, used up, or of something else: the same for all of them. */
export function spentAnswer(call: EndpointCall): EndpointAnswer {
  const problem = {
    code: 'ERR_LINK_SPENT',
    next: 'Ask whoever gave it to you for a new one.',
    links: [{ text: 'Sign in', href: loginPath }],
  } as const;
  return problemAnswer(problem, call);
}

/** 429: too many wrong secrets from there. */
export function limitedAnswer(retryAfterSeconds: number): EndpointAnswer {
  return {
    kind: 'failure',
    code: 'ERR_LIMIT',
    reason: 'Too many attempts failed from your address.',
    next: `Try again in ${String(retryAfterSeconds)} seconds.`,
    retryAfterSeconds,
    page: true,
  };
}

/** 429: what was sent is not looked at while so much from there is. */
export const busyAnswer: EndpointAnswer = {
  kind: 'failure',
  code: 'ERR_LIMIT',
  reason: 'Several passwords from your address are being checked already.',
  next: 'Try again in a moment.',
  retryAfterSeconds: 1,
  page: true,
};
