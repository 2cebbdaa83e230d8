import { formatDuration } from '../../core/units.ts';
import type { LiveJump } from './live-jump.ts';
import type { Ways } from './ways.ts';

export interface PolicyOptions {
  readonly ways: Pick<Ways, 'again' | 'ownerOf'>;
  readonly idleMs: number;
  readonly maxSessionMs: number;
  readonly now: () => number;
}

/** What ends those who were let through: that they may not be there any more, or have been for too long. */
export class Policy {
  readonly #sessions: { all(): Iterable<LiveJump> };
  readonly #options: PolicyOptions;

  constructor(sessions: { all(): Iterable<LiveJump> }, options: PolicyOptions) {
    this.#sessions = sessions;
    this.#options = options;
  }

  /** Asks for all of them whether they still may. */
  recheck(): void {
    for (const session of [...this.#sessions.all()]) this.#ask(session);
  }

  /** Ends what only time ends, which nobody tells. */
  checkTimes(): void {
    const { idleMs, maxSessionMs } = this.#options;
    const now = this.#options.now();
    for (const session of [...this.#sessions.all()]) {
      if (now - session.startedAt >= maxSessionMs)
        session.end(`it was open for ${formatDuration(maxSessionMs)}, as long as it may be`);
      else if (now - session.activeAt >= idleMs)
        session.end(`there was no byte either way for ${formatDuration(idleMs)}`);
      else if (this.#isDue(session, now)) this.#ask(session);
    }
  }

  #isDue({ until, way }: LiveJump, now: number): boolean {
    const { route, owner } = way.forward;
    return (until !== undefined && until <= now) || this.#options.ways.ownerOf(route.env) !== owner;
  }

  #ask(session: LiveJump): void {
    if (session.over) return;
    const { jump, way } = session;
    const caller = jump.caller();
    if (!caller.ok) {
      session.end(`access withdrawn: ${caller.problem}`);
      return;
    }
    const decision = this.#options.ways.again(way, { caller: caller.value, user: jump.user });
    if (decision.kind === 'refused') session.end(`access withdrawn: ${decision.reason}`);
    else session.until = decision.until;
  }
}
