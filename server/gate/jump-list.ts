import type { JumpSessions } from '../targets/jump-session.ts';
import type { LiveJump } from './live-jump.ts';

/** Those who were let through and are still there, and how many places each principal takes, also while they are on their way. */
export class JumpList implements JumpSessions {
  readonly #live = new Map<string, LiveJump>();
  readonly #places = new Map<string, number>();

  get size(): number {
    return this.#live.size;
  }

  all(): Iterable<LiveJump> {
    return this.#live.values();
  }

  byId(id: string): LiveJump | undefined {
    return this.#live.get(id);
  }

  end(id: string, reason: string): boolean {
    const session = this.#live.get(id);
    if (session === undefined || session.over) return false;
    session.end(reason);
    return true;
  }

  add(session: LiveJump): void {
    this.#live.set(session.id, session);
    void session.closed.then(() => this.#live.delete(session.id));
  }

  /** Takes a place, and gives what frees it; undefined when the principal has as many as they may. */
  takePlace(principal: string, max: number): (() => void) | undefined {
    const taken = this.#places.get(principal) ?? 0;
    if (taken >= max) return undefined;
    this.#places.set(principal, taken + 1);
    return () => {
      const left = (this.#places.get(principal) ?? 1) - 1;
      if (left === 0) this.#places.delete(principal);
      else this.#places.set(principal, left);
    };
  }
}
