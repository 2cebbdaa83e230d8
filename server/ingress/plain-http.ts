import { matchHost } from '../../core/names.ts';
import { isHealthPath } from './apex.ts';
import { makeAnswer, redirectAnswer } from '../pages/answer.ts';
import type { Answer } from '../pages/answer.ts';
import type { IngressDependencies } from './dependencies.ts';
import type { Failure } from './failure.ts';
import { forwardedProto } from './forwarded.ts';
import type { OwnEndpoint } from '../pages/own-endpoint.ts';
import type { RequestHead } from './request-head.ts';
import { hostnameOf, locationOf, originOf } from './sites.ts';

const challengePrefix = '/.well-known/acme-challenge/';

/** What becomes of a request without TLS: `serve` like any other, or this answer. */
export type PlainDecision = 'serve' | Answer | Failure;

/**
 * Without TLS there are only ACME challenges, health probes, and the way to HTTPS, for the gateway's own hosts; unless a
 * trusted proxy says that it has ended TLS itself.
 */
export function decidePlain(
  head: RequestHead,
  trusted: boolean,
  deps: Pick<IngressDependencies, 'domain' | 'adminDomain' | 'publicAddress' | 'acmeChallenge' | 'endpoints'>,
): PlainDecision {
  if (deps.publicAddress.protocol === 'http') return 'serve';
  if (trusted && forwardedProto(head) === 'https') return 'serve';
  const match = matchHost(isAdminHost(head, deps) ? deps.domain : head.host, deps.domain);
  const challenge = answerChallenge(head, deps);
  if (challenge !== undefined) return challenge;
  if (match.kind === 'foreign') {
    return { code: 'ERR_BAD_REQUEST', reason: 'This host is not served here.' };
  }
  if (match.kind === 'apex' && isHealthPath(head.pathname)) return 'serve';
  // It refuses what comes without TLS: a redirection would hide that a secret went out in the clear.
  if (isSecretsWay(head, match.kind === 'apex' ? 'gateway' : 'environments', deps.endpoints)) return 'serve';
  // With 308 the method and the body stay what they are. The target always begins with a host of ours.
  const path = head.path === '*' ? '/' : head.path;
  return redirectAnswer(308, locationOf(originOf(hostnameOf(head.host), deps.publicAddress), path));
}

function isAdminHost(
  { host }: RequestHead,
  { adminDomain }: Pick<IngressDependencies, 'adminDomain'>,
): boolean {
  return adminDomain !== undefined && matchHost(host, adminDomain).kind === 'apex';
}

function isSecretsWay(
  { method, pathname }: RequestHead,
  host: OwnEndpoint['on'],
  endpoints: readonly OwnEndpoint[] = [],
): boolean {
  return endpoints.some(
    ({ path, methods, on }) =>
      on === host && path === pathname && (method === 'POST' || !methods.includes('GET')),
  );
}

function answerChallenge(
  head: RequestHead,
  deps: Pick<IngressDependencies, 'acmeChallenge'>,
): Answer | undefined {
  if (deps.acmeChallenge === undefined || !head.pathname.startsWith(challengePrefix)) return undefined;
  const authorization = deps.acmeChallenge(head.pathname.slice(challengePrefix.length));
  return authorization === undefined
    ? undefined
    : makeAnswer(200, { type: 'application/octet-stream', body: authorization });
}
