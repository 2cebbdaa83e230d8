/** How long a ping may be without an answer, in ticks of the heartbeat, of which five make a keepalive interval. */
const maxTicks = 3;

/**
 * Notices a peer that leaves a ping unanswered, long before it counts as dead, and that it speaks again. In ticks, not by the clock:
 * a gateway that was itself stopped does not blame its peers.
 */
export class Silence {
  readonly #onChange: (silent: boolean) => void;
  #ticks = 0;
  #silent = false;

  constructor(onChange: (silent: boolean) => void) {
    this.#onChange = onChange;
  }

  /** `heard`: anything arrived since the last tick. `asked`: a ping waits for its answer. */
  tick({ heard, asked }: { readonly heard: boolean; readonly asked: boolean }): void {
    this.#ticks = heard || !asked ? 0 : this.#ticks + 1;
    const silent = this.#ticks >= maxTicks || (this.#silent && !heard);
    if (silent === this.#silent) return;
    this.#silent = silent;
    this.#onChange(silent);
  }
}
