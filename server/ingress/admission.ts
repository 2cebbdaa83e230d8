import type { Access } from '../../core/forward.ts';
import { decideAccess } from '../access/decide.ts';
import type { AccessDecision } from '../access/decide.ts';
import { redirectAnswer } from './answer.ts';
import type { IngressDependencies } from './dependencies.ts';
import { unknownEnv } from './env-failures.ts';
import type { RequestHead } from './request-head.ts';
import { hostnameOf, locationOf } from './sites.ts';
import type { Visit } from './visit.ts';

type AdmissionDependencies = Pick<IngressDependencies, 'shareKey' | 'now' | 'publicAddress'>;

/**
 * Whether the visitor may know of what it asks for. If not, it has its answer, the same for all that is closed to it and
 * all that is not there. One connection may carry requests to several environments, for which its TLS name says nothing.
 */
export function admit(visit: Visit, env: string, access: Access, deps: AdmissionDependencies): boolean {
  if (access === 'public') return true;
  const { exchange, head } = visit;
  const { servername } = exchange.visitor.connection.info;
  if (servername !== undefined && hostnameOf(servername) !== hostnameOf(head.host)) {
    exchange.fail({ code: 'ERR_MISDIRECTED' });
    return false;
  }
  const decision = decide(head, env, access, deps);
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
      exchange.fail(unknownEnv);
      return false;
  }
}

/** Whether the visitor may see what is private in an environment. */
export function seesPrivate(head: RequestHead, env: string, deps: AdmissionDependencies): boolean {
  return decide(head, env, 'private', deps).kind === 'allow';
}

function decide(head: RequestHead, env: string, access: Access, deps: AdmissionDependencies): AccessDecision {
  const { path, cookie, shareHeader, navigation } = head;
  return decideAccess(
    { env, access, path, cookie, shareHeader, navigation },
    { key: deps.shareKey, nowMs: deps.now() },
  );
}
