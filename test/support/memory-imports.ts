import type { ImportCheck, KeptImport, KeptImports } from '../../server/identity/kept-import.ts';

/** The imports that are kept in step, in memory only. */
export class MemoryImports implements KeptImports {
  readonly #kept = new Map<string, KeptImport>();

  all(): Promise<readonly KeptImport[]> {
    return Promise.resolve([...this.#kept.values()]);
  }

  find(source: string): Promise<KeptImport | undefined> {
    return Promise.resolve(this.#kept.get(source));
  }

  put(kept: KeptImport): Promise<void> {
    this.#kept.set(kept.source, kept);
    return Promise.resolve();
  }

  checked(source: string, check: ImportCheck): Promise<void> {
    const kept = this.#kept.get(source);
    if (kept !== undefined) this.#kept.set(source, { ...kept, check });
    return Promise.resolve();
  }

  remove(source: string): Promise<boolean> {
    return Promise.resolve(this.#kept.delete(source));
  }
}
