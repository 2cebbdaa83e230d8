import { freshMachineId, machineId, type MachineId } from './machine-id.ts';

/** The ids of this machine, each as it was read first: by environment, as the gateway writes it. */
export class KnownIds {
  readonly #fixed: string | undefined;
  readonly #pathOf: (env: string) => string;
  readonly #ids = new Map<string, MachineId>();
  readonly #renewed = new Set<string>();

  /** `fixed` is the id that the user has given it, for every environment. */
  constructor(fixed: string | undefined, pathOf: (env: string) => string) {
    this.#fixed = fixed;
    this.#pathOf = pathOf;
  }

  /** What is wrong with how it is kept, it says once. */
  of(env: string): MachineId {
    if (this.#fixed !== undefined) return { uuid: this.#fixed };
    const id = this.#ids.get(env) ?? machineId(this.#pathOf(env));
    this.#ids.set(env, { uuid: id.uuid });
    return id;
  }

  /** Makes another one, once: false when that was done, or when it is the user's. */
  renew(env: string): boolean {
    if (this.#fixed !== undefined || this.#renewed.has(env)) return false;
    this.#renewed.add(env);
    this.#ids.set(env, freshMachineId(this.#pathOf(env)));
    return true;
  }
}
