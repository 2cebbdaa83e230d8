import { formatTime } from '../../core/moment.ts';
import { keyAccountOf } from '../access/key-account.ts';
import { answer, notAllowed, type Answer, type Call, type Handlers } from './answer.ts';
import { auditOf } from './command-audit.ts';
import type { VisitServices } from './visit-services.ts';

/** `login`: a link that logs one browser in as whoever holds the key. */
export function loginHandlers(services: VisitServices): Handlers<'login'> {
  return { login: (call) => Promise.resolve(login(call, services)) };
}

function login(call: Call<unknown>, { loginLinks, audit }: VisitServices): Answer {
  const { identity, via } = call.caller;
  if (identity.source.kind === 'open')
    return notAllowed(
      'anybody may dial in here, and your key is not known: there is no account that it could log in as',
    );
  const { url, expiresAtMs } = loginLinks.make(keyAccountOf(identity), via?.until);
  const until = new Date(expiresAtMs).toISOString();
  audit.record(auditOf(call, { action: 'login.link', target: identity.principal, detail: { until } }));
  return answer(
    { url, account: identity.principal, expires: until },
    [url],
    [
      `open it in your browser before ${formatTime(expiresAtMs)}: it logs in one browser as ${identity.principal}, once; do not pass it on`,
    ],
  );
}
