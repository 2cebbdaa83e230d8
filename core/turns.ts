/**
 * Spreads work over the turns of the event loop: a few pieces in each, in the order in which they came, so that whatever else waits
 * for the loop is not kept from it by a crowd.
 */
export class Turns {
  readonly #perTurn: number;
  readonly #waiting: (() => void)[] = [];
  #left: number;
  #next: NodeJS.Immediate | undefined;

  constructor(perTurn: number) {
    this.#perTurn = perTurn;
    this.#left = perTurn;
  }

  /** Does it now, or in a later turn. */
  run(piece: () => void): void {
    this.#next ??= setImmediate(() => this.#turn());
    if (this.#left === 0) this.#waiting.push(piece);
    else {
      this.#left -= 1;
      piece();
    }
  }

  #turn(): void {
    this.#next = undefined;
    this.#left = this.#perTurn;
    for (const piece of this.#waiting.splice(0, this.#perTurn)) this.run(piece);
    // Those that are left wait for a turn of their own.
    if (this.#waiting.length > 0) this.#next ??= setImmediate(() => this.#turn());
  }
}
