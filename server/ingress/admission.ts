import { decideAccess } from '../access/decide.ts';
import type { AccessDecision } from '../access/decide.ts';
import { redirectAnswer } from '../pages/answer.ts';
import type { IngressDependencies } from './dependencies.ts';
import { unknownEnv, unknownYet } from './env-failures.ts';
import type { RequestHead } from './request-head.ts';
import { hostnameOf, locationOf } from './sites.ts';
import type { Place, Visit } from './visit.ts';

type AdmissionDependencies = Pick<
  IngressDependencies,
  'shareKey' | 'now' | 'publicAddress' | 'publicByDefault'
>;

/**
 * Whether the visitor may know of what it asks for. If not, it has its answer, the same for all that is closed to it and
 * all that is not there. One connection may carry requests to several environments, for which its TLS name says nothing.
 */
export function admit(visit: Visit, place: Place, deps: AdmissionDependencies): boolean {
  if (place.access === 'public') return true;
  const { exchange, head } = visit;
  if (!isNamedByTls(visit)) {
    exchange.fail({ code: 'ERR_MISDIRECTED' });
    return false;
  }
  const decision = decide(head, place, deps);
  switch (decision.kind) {
    case 'allow':
      visit.setCookie = decision.setCookie;
      return true;
    case 'exchange': {
      const location = locationOf(`${deps.publicAddress.protocol}://${head.host}`, decision.path);
      exchange.answer(redirectAnswer(303, location, ['Set-Cookie', decision.setCookie]));
      return false;
    }
    case 'deny':
      // Where strangers may wait, they do so for what they may not see too.
      exchange.fail(deps.publicByDefault ? unknownYet : unknownEnv);
      return false;
  }
}

/** The same question, without an answer to the visitor. */
export function mayEnter(visit: Visit, place: Place, deps: AdmissionDependencies): boolean {
  if (place.access === 'public') return true;
  return isNamedByTls(visit) && decide(visit.head, place, deps).kind !== 'deny';
}

/** Whether the visitor may see what is private in an environment. */
export function seesPrivate(head: RequestHead, place: Place, deps: AdmissionDependencies): boolean {
  return decide(head, { ...place, access: 'private' }, deps).kind === 'allow';
}

/** Whether the connection was opened for this host, as far as TLS tells. */
export function isNamedByTls({ exchange, head }: Visit): boolean {
  const { servername } = exchange.visitor.connection.info;
  return servername === undefined || hostnameOf(servername) === hostnameOf(head.host);
}

function decide(head: RequestHead, place: Place, deps: AdmissionDependencies): AccessDecision {
  const { path, cookie, shareHeader, navigation } = head;
  return decideAccess(
    { ...place, path, cookie, shareHeader, navigation },
    { key: deps.shareKey, nowMs: deps.now() },
  );
}
