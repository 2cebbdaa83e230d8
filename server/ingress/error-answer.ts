import { STATUS_CODES } from 'node:http';
import { errorTable } from '../../core/errors.ts';
import { preferredForm } from './accept.ts';
import { adviceFor } from './advice.ts';
import { makeAnswer } from '../pages/answer.ts';
import type { Answer } from '../pages/answer.ts';
import { pagePolicy, renderPage } from './error-page.ts';
import type { Page } from './error-page.ts';
import type { Failure } from './failure.ts';
import { agoWords } from './time-words.ts';

/** Who is answered, and how. */
export interface Addressee {
  readonly accept: string;
  readonly requestId: string;
  /** Of the request; a page may ask for itself again by a GET only. */
  readonly method?: string;
  readonly nowMs?: number;
}

/** A failure with all that the table says of its code. */
interface Told extends Failure {
  readonly status: number;
  readonly reason: string;
  readonly next: string;
}

/** The methods that are named to whoever used another (RFC 9110, 15.5.6). */
export const allowedMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** The answer to a failure: a page, JSON or a line of text, as the visitor's `Accept` prefers. */
export function errorAnswer(failure: Failure, visitor: Addressee): Answer {
  const { status, message } = errorTable[failure.code];
  const told = { status, reason: message, next: adviceFor(failure.code), ...failure };
  switch (preferredForm(visitor.accept)) {
    case 'html':
      return asPage(told, visitor);
    case 'json':
      return asJson(told, visitor);
    case 'text':
      return asText(told, visitor);
  }
}

function asPage(told: Told, visitor: Addressee): Answer {
  const policy = ['Content-Security-Policy', pagePolicy(told.waitsUntil !== undefined)];
  return makeAnswer(told.status, {
    type: 'text/html; charset=utf-8',
    body: renderPage(pageOf(told, visitor)),
    headers: [...headersOf(told, visitor), ...policy],
    code: told.code,
  });
}

function pageOf(told: Told, visitor: Addressee): Page {
  const { status, reason, next, code, waitsUntil, lastSeenAt, facts = [], services = [] } = told;
  const agoMs = Math.max(0, (visitor.nowMs ?? Date.now()) - (lastSeenAt ?? 0));
  const repeatable = visitor.method === undefined || visitor.method === 'GET' || visitor.method === 'HEAD';
  return {
    title: reason,
    status: `${status} ${STATUS_CODES[status] ?? ''}`.trim(),
    reason,
    next,
    lastSeen: lastSeenAt === undefined ? undefined : { at: isoTime(lastSeenAt), ago: agoWords(agoMs), agoMs },
    facts: [
      ...facts.map(({ label, value }) => [label, value] as const),
      ['Code', code],
      ['Error id', visitor.requestId],
    ],
    signIn: told.signIn,
    links: services.map(({ name, url }) => ({ text: name, href: url })),
    waits:
      waitsUntil === undefined ? undefined : { until: waitsUntil, then: repeatable ? 'open' : 'tell', code },
  };
}

function asJson(told: Told, visitor: Addressee): Answer {
  const { code, status, reason, next, state, sinceMs, lastSeenAt, retryAfterSeconds, services } = told;
  const body = {
    code,
    status,
    message: reason,
    next,
    id: visitor.requestId,
    state,
    since: sinceMs === undefined ? undefined : isoTime(sinceMs),
    lastSeen: lastSeenAt === undefined ? undefined : isoTime(lastSeenAt),
    retryAfterSeconds,
    services,
    ...Object.fromEntries((told.facts ?? []).map(({ field, value }) => [field, value])),
  };
  return makeAnswer(status, {
    type: 'application/json; charset=utf-8',
    body: `${JSON.stringify(body)}\n`,
    headers: headersOf(told, visitor),
    code,
  });
}

function asText(told: Told, visitor: Addressee): Answer {
  const { code, status, reason, next } = told;
  const services = (told.services ?? []).map(({ name, url }) => `\n  ${name}  ${url}`).join('');
  return makeAnswer(status, {
    type: 'text/plain; charset=utf-8',
    body: `${code}: ${reason} ${next}${services}\nError id: ${visitor.requestId}\n`,
    headers: headersOf(told, visitor),
    code,
  });
}

function headersOf(failure: Failure, { requestId }: Addressee): string[] {
  const headers = ['Porthole-Error', failure.code, 'Porthole-Error-Id', requestId, 'Vary', 'Accept'];
  if (failure.retryAfterSeconds !== undefined) headers.push('Retry-After', String(failure.retryAfterSeconds));
  if (failure.headers !== undefined) headers.push(...failure.headers);
  if (failure.code === 'ERR_METHOD_REFUSED' && failure.headers?.includes('Allow') !== true)
    headers.push('Allow', allowedMethods);
  return headers;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
