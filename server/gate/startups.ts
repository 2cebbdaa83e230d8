export interface StartupsOptions {
  /** Logins at one machine that may begin at a time. */
  readonly maxAtOnce: number;
  /** Others that may wait for that at one machine. */
  readonly maxWaiting: number;
  readonly waitMs: number;
}

/** Gives the place to whoever is next; only the first call counts. */
export type Release = () => void;

interface Machine {
  begun: number;
  readonly waiting: Set<() => void>;
}

/**
 * The logins that begin at each machine: so many at a time, the others in the order in which they came. All come to its SSH server from one address,
 * and that has bounds for those who have not logged in yet (sshd's `MaxStartups`).
 */
export class LoginStartups {
  readonly #options: StartupsOptions;
  readonly #machines = new Map<string, Machine>();

  constructor(options: StartupsOptions) {
    this.#options = options;
  }

  /** Undefined when it waited for too long, too many wait already, or the signal aborts. */
  enter(machine: string, signal: AbortSignal): Promise<Release | undefined> {
    const known = this.#machines.get(machine) ?? { begun: 0, waiting: new Set() };
    this.#machines.set(machine, known);
    if (known.begun < this.#options.maxAtOnce) {
      known.begun += 1;
      return Promise.resolve(this.#releaseOf(machine, known));
    }
    if (known.waiting.size >= this.#options.maxWaiting || signal.aborted) return Promise.resolve(undefined);
    return this.#wait(machine, known, signal);
  }

  #wait(machine: string, known: Machine, signal: AbortSignal): Promise<Release | undefined> {
    return new Promise((resolve) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        known.waiting.delete(onTurn);
      };
      const giveUp = (): void => {
        leave();
        resolve(undefined);
      };
      const onTurn = (): void => {
        leave();
        resolve(this.#releaseOf(machine, known));
      };
      const timer = setTimeout(giveUp, this.#options.waitMs);
      signal.addEventListener('abort', giveUp);
      known.waiting.add(onTurn);
    });
  }

  /** The place passes on without becoming free, so that nobody who comes now goes before those who wait. */
  #releaseOf(machine: string, known: Machine): Release {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const [next] = known.waiting;
      if (next !== undefined) {
        next();
        return;
      }
      known.begun -= 1;
      if (known.begun === 0) this.#machines.delete(machine);
    };
  }
}
