import type { FormerOwner } from './former-owners.ts';
import type { RememberedEnvironment } from './memory.ts';
import type { Moment } from './service-record.ts';

/** It passed to its owner without a tunnel of theirs. */
interface Gift {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly monotonicMs: number;
}

/** Whose a name is, and how it came to them. */
export class Ownership {
  #owner: string;
  #gift: Gift | undefined;
  #changedHandsAt: number | undefined;

  constructor(owner: string) {
    this.#owner = owner;
  }

  /** The owning principal. */
  get owner(): string {
    return this.#owner;
  }

  /** When it last passed from one owner to another, in milliseconds since the epoch. */
  get changedHandsAt(): number | undefined {
    return this.#changedHandsAt;
  }

  /** When it was given to its owner, who has not been seen with it since; in milliseconds since the epoch. */
  get givenAt(): number | undefined {
    return this.#gift?.at;
  }

  get givenMonotonicMs(): number | undefined {
    return this.#gift?.monotonicMs;
  }

  /** Somebody takes it who dials. */
  passTo(owner: string, { wallMs }: Moment): void {
    if (owner !== this.#owner) this.#changedHandsAt = wallMs;
    this.#owner = owner;
    this.#gift = undefined;
  }

  /** Somebody gets it without a tunnel of theirs. */
  giveTo(owner: string, at: Moment): void {
    this.passTo(owner, at);
    this.#gift = { at: at.wallMs, monotonicMs: at.monotonicMs };
  }

  /** Its owner has dialled. */
  use(): void {
    this.#gift = undefined;
  }

  /** The name was somebody's before, perhaps of the same. */
  follow(former: FormerOwner, { wallMs }: Moment): void {
    this.#changedHandsAt = former.owner === this.#owner ? former.changedHandsAt : wallMs;
  }

  recall({ owner, givenAt, changedHandsAt }: RememberedEnvironment, at: Moment): void {
    this.#owner = owner;
    this.#gift = givenAt === undefined ? undefined : { at: givenAt, monotonicMs: monotonicOf(givenAt, at) };
    this.#changedHandsAt = changedHandsAt;
  }
}

/** With a wall clock that was set back it was just now: a claim lasts too long rather than too short. */
export function monotonicOf(wallMs: number, now: Moment): number {
  return now.monotonicMs - Math.max(0, now.wallMs - wallMs);
}
