import { textAnswer } from '../pages/answer.ts';
import type { Answer } from '../pages/answer.ts';
import type { Failure } from './failure.ts';

const about = [
  'This is Porthole: it gives preview environments a URL over an outbound SSH connection.',
  'A preview has a host of its own below this one; whoever started it knows its address.',
].join('\n');

/** What the gateway's own host answers; a failure where it answers nothing. */
export function answerApex(
  request: { readonly method: string; readonly pathname: string },
  gateway: { ready(): boolean },
): Answer | Failure {
  const answer = pageOf(request.pathname, gateway);
  if (answer === undefined) return { code: 'ERR_NOT_FOUND' };
  if (request.method === 'GET' || request.method === 'HEAD') return answer;
  return { code: 'ERR_METHOD_REFUSED', headers: ['Allow', 'GET, HEAD'] };
}

/** The paths that tell whether the gateway lives and takes work: for probes, also without TLS. */
export function isHealthPath(pathname: string): boolean {
  return pathname === '/healthz' || pathname === '/readyz';
}

function pageOf(pathname: string, gateway: { ready(): boolean }): Answer | undefined {
  switch (pathname) {
    case '/':
      return textAnswer(200, about);
    case '/healthz':
      return textAnswer(200, 'ok');
    case '/readyz':
      return gateway.ready() ? textAnswer(200, 'ready') : textAnswer(503, 'not ready', ['Retry-After', '1']);
    case '/robots.txt':
      return textAnswer(200, 'User-agent: *\nDisallow: /');
    default:
      return undefined;
  }
}
