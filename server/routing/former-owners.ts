/** Whose a name was that nobody has any more. */
export interface FormerOwner {
  readonly name: string;
  /** The principal. */
  readonly owner: string;
  /** When it had passed to them from somebody else, if it had. Milliseconds since the epoch. */
  readonly changedHandsAt: number | undefined;
}

/** More than are likely to be of use; each costs some 200 bytes. */
export const maxFormerOwners = 20_000;

/**
 * The last owners of names that are forgotten: visitors may keep what these put into their browsers, which is nothing for the next owner.
 * Bounded: the longest forgotten go first.
 */
export class FormerOwners {
  readonly #max: number;
  readonly #byName = new Map<string, FormerOwner>();

  constructor(max = maxFormerOwners) {
    this.#max = max;
  }

  note(former: FormerOwner): void {
    this.#byName.delete(former.name);
    this.#byName.set(former.name, former);
    const [longest] = this.#byName.keys();
    if (this.#byName.size > this.#max && longest !== undefined) this.#byName.delete(longest);
  }

  /** The name has an owner again: whose it was before, once. */
  take(name: string): FormerOwner | undefined {
    const former = this.#byName.get(name);
    this.#byName.delete(name);
    return former;
  }
}
