import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './child.ts';
import type { ChildOptions } from './child.ts';

/** All processes of one run of the benchmark: none outlives it. */
export class Processes {
  #children = new Set<Child>();
  #closed = false;

  /** Starts a process that runs until it ends by itself or is stopped. */
  start(command: string, args: readonly string[], options: ChildOptions = {}): Child {
    if (this.#closed) throw new Error('the benchmark is ending');
    const child = new Child(command, args, options);
    this.#children.add(child);
    void child.exited.then(() => this.#children.delete(child));
    return child;
  }

  /** Runs a command to its end and gives what it printed; throws when it fails or is not done in time. */
  async run(command: string, args: readonly string[], limitMs: number): Promise<string> {
    const child = this.start(command, args);
    const timer = sleep(limitMs, 'too long' as const, { ref: false });
    const ending = await Promise.race([child.exited, timer]);
    if (ending === 'exit code 0') return child.stdout;
    await child.stop();
    throw new Error(`${child.name} ended with ${ending}: ${child.lastWords}`);
  }

  /** Does something that starts processes; when it fails, what it started goes with it. */
  async together<T>(work: () => Promise<T>): Promise<T> {
    const before = new Set(this.#children);
    try {
      return await work();
    } catch (error) {
      await this.#stopAllBut(before);
      throw error;
    }
  }

  /** Stops all that still run. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#stopAllBut(new Set());
  }

  /** Ends all that still run without waiting: for the last moment of this process. */
  destroy(): void {
    this.#closed = true;
    for (const child of this.#children) child.kill();
  }

  /** The newest goes first: a tunnel's client before its server. */
  async #stopAllBut(kept: ReadonlySet<Child>): Promise<void> {
    const ending = [...this.#children].filter((child) => !kept.has(child));
    for (const child of ending.reverse()) await child.stop();
  }
}
