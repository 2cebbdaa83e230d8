import type { Admission, Admissions } from '../identity/admission.ts';
import { mayNameEnv } from '../identity/identity.ts';
import type { Forward } from '../tunnel/forward.ts';
import { tooWide, type AccessLimits } from './access-limit.ts';
import type { RouteTable } from './forwarding.ts';
import type { Login } from './login.ts';

export interface WithdrawalFacts extends AccessLimits {
  readonly admissions: Pick<Admissions, 'admit'>;
  readonly routes: Pick<RouteTable, 'mayClaim'>;
  readonly remoteAddress: string;
  /** What the connection offers. */
  readonly forwards: readonly Pick<Forward, 'options'>[];
  /** Whom to ask, in words that follow "ask". */
  readonly contact: string;
}

/** Whom the key of a connection authenticates now; refused when it could not log in again as it did, or offer what it offers. */
export function admitAgain({ identity, env, key }: Login, facts: WithdrawalFacts): Admission {
  const admission = facts.admissions.admit(key, facts.remoteAddress);
  if (admission.kind === 'refused') return admission;
  if (admission.identity.principal !== identity.principal)
    return refused('the key belongs to another principal now');
  if (mayNameEnv(identity, env) && !mayNameEnv(admission.identity, env))
    return refused(`the key may not use the name ${env} any more`);
  if (facts.forwards.length > 0 && !facts.routes.mayClaim(env, identity.principal))
    return refused(`the name ${env} belongs to somebody else now`);
  for (const { options } of facts.forwards) {
    const problem = tooWide(options, admission.identity, facts);
    if (problem !== undefined) return refused(problem);
  }
  return admission;
}

/** For whoever has just revoked the key that they log in with, to read that it was done, and to leave. */
const answerMs = 2000;

/** The end of a connection whose access is withdrawn: at once, or a little later when it is being told the answer to a command. */
export class Withdrawal {
  readonly #end: (reason: string) => void;
  readonly #answerMs: number;
  #begun = false;

  constructor(end: (reason: string) => void, options: { answerMs?: number } = {}) {
    this.#end = end;
    this.#answerMs = options.answerMs ?? answerMs;
  }

  /** The first time counts: what follows comes while the answer is on its way. */
  begin(reason: string, { isAnswering }: { isAnswering: boolean }): void {
    if (this.#begun) return;
    this.#begun = true;
    if (isAnswering) setTimeout(() => this.#end(reason), this.#answerMs).unref();
    else this.#end(reason);
  }
}

function refused(reason: string): Admission {
  return { kind: 'refused', reason };
}
