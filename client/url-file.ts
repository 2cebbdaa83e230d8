import { accessSync, constants, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The file of `--url-file`: while the tunnel has been up once it holds its URLs, one a line, in the order of
 * the command line. It appears whole, so that a script may wait for it.
 */
export class UrlFile {
  readonly #path: string;
  #written = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** The problem, when it cannot be written. */
  write(urls: readonly string[]): string | undefined {
    const text = urls.map((url) => `${url}\n`).join('');
    if (text === this.#written) return undefined;
    const temporary = `${this.#path}.${process.pid}.tmp`;
    return this.#attempt(() => {
      writeFileSync(temporary, text);
      renameSync(temporary, this.#path);
      this.#written = text;
    });
  }

  /** Takes away what this or an earlier run wrote. The problem, when it cannot. */
  remove(): string | undefined {
    return this.#attempt(() => {
      accessSync(dirname(this.#path), constants.W_OK);
      rmSync(this.#path, { force: true });
    });
  }

  #attempt(action: () => void): string | undefined {
    try {
      action();
      return undefined;
    } catch (error) {
      return `cannot write the URL file ${this.#path}: ${(error as Error).message}`;
    }
  }
}
