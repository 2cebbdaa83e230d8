import type { ErrorCode } from '../../core/errors.ts';
import { makeAnswer, type Answer } from './answer.ts';
import { contentPolicy, renderDocument, type PageParts } from './document.ts';

export interface PageAnswerParts extends PageParts {
  readonly status: number;
  readonly requestId: string;
  /** Where it tells of a failure. */
  readonly code?: ErrorCode | undefined;
  /** Where its forms go. They say which page they come from, and its address is told nobody else. */
  readonly forms?: readonly string[];
  /** The origins whose pages may show it in a frame. */
  readonly framedBy?: readonly string[];
  /** The window that opened it may be spoken to, and may know it. */
  readonly opener?: boolean;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
}

/** A page as a whole answer, with a policy that allows what is on it. */
export function pageAnswer(page: PageAnswerParts): Answer {
  const { status, requestId, code, forms = [], framedBy = [], opener = false, headers = [] } = page;
  const failure = code === undefined ? [] : ['Porthole-Error', code, 'Porthole-Error-Id', requestId];
  const isolation = opener ? [] : ['Cross-Origin-Opener-Policy', 'same-origin'];
  return makeAnswer(status, {
    type: 'text/html; charset=utf-8',
    body: renderDocument(page),
    headers: [...failure, ...isolation, ...headers, 'Content-Security-Policy', contentPolicy(page)],
    framable: framedBy.length > 0,
    ...(forms.length > 0 && { referrer: 'same-origin' }),
    // Where a frame goes from it lets in only those whose origin it is told.
    ...(framedBy.length > 0 && { referrer: 'strict-origin-when-cross-origin' as const }),
    ...(code !== undefined && { code }),
  });
}
