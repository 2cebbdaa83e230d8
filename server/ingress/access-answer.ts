import type { AccessDecision, Redirection } from '../access/decision.ts';
import { readOwnQuery } from '../access/own-query.ts';
import { redirectAnswer } from '../pages/answer.ts';
import type { Answer } from '../pages/answer.ts';
import { unknownEnv, unknownYet } from './env-failures.ts';
import type { Failure } from './failure.ts';
import type { RequestHead } from './request-head.ts';

/** A decision by which somebody does not get what they asked for. */
export type Refusal = Exclude<AccessDecision, { kind: 'allow' | 'prove' }>;

/** What they get instead: a whole answer, or a failure in the form that suits whoever asked. */
export type RefusalAnswer = Answer | { readonly failure: Failure; readonly accept: string };

const json = 'application/json';

/**
 * The answer to those who may not see what they asked for. It is made of the request and the decision alone, and so says nothing of what
 * is there. Where everything is open unless it says otherwise, a name that is not known yet most probably will be: strangers wait.
 */
export function answerRefusal(refusal: Refusal, head: RequestHead, strangersWait: boolean): RefusalAnswer {
  switch (refusal.kind) {
    case 'preflight':
      return preflightAnswer(refusal.headers);
    case 'hand-over':
      return strangersWait && !showsGrant(head) ? waitingStranger(refusal, head) : detourAnswer(refusal);
    case 'login': {
      const headers = listed('WWW-Authenticate', refusal.challenges);
      if (strangersWait) return { failure: { ...unknownYet, headers }, accept: head.accept };
      return { failure: { code: 'ERR_LOGIN_REQUIRED', headers }, accept: formFor(head) };
    }
    case 'unknown':
      return { failure: strangersWait ? unknownYet : unknownEnv, accept: head.accept };
    case 'origin':
      return { failure: { code: 'ERR_ORIGIN_REFUSED' }, accept: formFor(head) };
    case 'limited': {
      const { retryAfterSeconds } = refusal;
      return { failure: { code: 'ERR_LIMIT', retryAfterSeconds }, accept: formFor(head) };
    }
  }
}

/** For those who are led by another address to what they asked for. */
export function detourAnswer({ location, setCookies }: Redirection): Answer {
  return redirectAnswer(303, location, listed('Set-Cookie', setCookies));
}

/** Whoever comes by a link, or with a token, expects to be let in. */
function showsGrant({ path }: RequestHead): boolean {
  const { shares, tokens } = readOwnQuery(path);
  return shares.length + tokens.length > 0;
}

/** RFC 9110, 8.6: 204 has no length. Only whoever asked keeps it, for as long as `Access-Control-Max-Age` says. */
function preflightAnswer(headers: readonly string[]): Answer {
  return {
    status: 204,
    headers: ['Cache-Control', 'no-store', 'X-Robots-Tag', 'noindex', ...headers],
    body: Buffer.alloc(0),
    code: undefined,
  };
}

/** The page that waits, with the way in for those who know that there is something. */
function waitingStranger({ location, setCookies }: Redirection, head: RequestHead): RefusalAnswer {
  const headers = listed('Set-Cookie', setCookies);
  return { failure: { ...unknownYet, signIn: location, headers }, accept: head.accept };
}

/** A person gets a page. Scripts and programs get JSON even if they would take anything, or a page; unless they ask for a line of text. */
function formFor(head: RequestHead): string {
  const person = head.upgrade === undefined && (head.navigation || head.context.secFetchMode === 'navigate');
  if (person) return head.accept;
  return /(?:^|,)\s*text\/plain\b/i.test(head.accept) && !/json/i.test(head.accept) ? '' : json;
}

function listed(name: string, values: readonly string[]): string[] {
  return values.flatMap((value) => [name, value]);
}
