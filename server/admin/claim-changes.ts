import type { AuditEntry } from '../store/audit-entry.ts';
import type { ClaimChange } from '../store/environment-queries.ts';

/** Where it is known, and kept, whose a name is; and the tunnels that it may be taken from. */
export interface ClaimChangesOptions {
  /** The registry: false when the name is not, or no longer, that owner's. */
  readonly environments: {
    release(env: string, owner: string): boolean;
    transfer(env: string, owner: string, to: string): boolean;
  };
  readonly memory: {
    /** All or nothing. Rejects with `ERR_STORE_UNAVAILABLE`. */
    change(change: ClaimChange, audit: AuditEntry): Promise<void>;
    flush(): Promise<void>;
  };
  /** The tunnels that offer something under the name, at this moment. */
  readonly tunnelsOf: (env: string) => readonly EndableTunnel[];
}

export interface EndableTunnel {
  /** Its user reads the reason. Soon, but not before the answer to whoever asked: that may go by this very tunnel. */
  end(reason: string): void;
}

/** A decision about one name, and what was true when it was made. */
export interface DecidedChange {
  readonly owner: string;
  readonly change: ClaimChange;
  readonly audit: AuditEntry;
}

/** Rejects with what the memory rejects with, and nothing is changed then. 'overtaken': the name changed hands in that very moment. */
export type Commit = (decided: DecidedChange) => Promise<'done' | 'overtaken'>;

/**
 * Takes names from their owners, by decision. It is written first: what cannot be kept is not done. Then the name changes hands in
 * memory, and tunnels of the owner until then end.
 */
export class ClaimChanges {
  readonly #options: ClaimChangesOptions;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ClaimChangesOptions) {
    this.#options = options;
  }

  /** Runs what looks at whose a name is and then changes it: one after the other. Rejects as it does. */
  inTurn<T>(work: (commit: Commit) => Promise<T>): Promise<T> {
    const done = this.#last.then(() => work((decided) => this.#commit(decided)));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #commit(decided: DecidedChange): Promise<'done' | 'overtaken'> {
    const { memory, tunnelsOf } = this.#options;
    const { change, audit } = decided;
    await memory.change(change, audit);
    // Those of now: in the next moment the name may be offered by whoever owns it then.
    const tunnels = tunnelsOf(change.env);
    const changed = this.#inMemory(decided);
    await memory.flush();
    if (changed) for (const tunnel of tunnels) tunnel.end(reasonOf(change));
    return changed ? 'done' : 'overtaken';
  }

  #inMemory({ change, owner }: DecidedChange): boolean {
    const { environments } = this.#options;
    return change.kind === 'release'
      ? environments.release(change.env, owner)
      : environments.transfer(change.env, owner, change.to);
  }
}

function reasonOf({ kind, env }: ClaimChange): string {
  return kind === 'release'
    ? `the name ${env} was released, and what it offered with it`
    : `the name ${env} belongs to somebody else now`;
}
