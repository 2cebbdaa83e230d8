import type { Log } from '../../core/log.ts';

/** Rows that one log line tells. */
const maxTold = 5;

/** Tells of rows that make no sense: once, and again when it is others. */
export class DamagedRows {
  readonly #log: Log;
  readonly #what: string;
  #told = '';

  constructor({ log, what }: { log: Log; what: string }) {
    this.#log = log;
    this.#what = what;
  }

  tell(problems: readonly string[]): void {
    const told = problems.join('\n');
    if (told !== '' && told !== this.#told) {
      this.#log.warn(
        { count: problems.length, problems: problems.slice(0, maxTold) },
        `rows of the database that make no sense: these ${this.#what} open nothing`,
      );
    }
    this.#told = told;
  }
}
