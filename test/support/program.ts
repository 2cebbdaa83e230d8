import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import type { TestScope } from './scope.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that a test talks with. It is killed with the test, and what it said is shown when the test failed. */
export class Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly exit: Promise<Exit>;
  readonly #watchers = new Set<() => void>();
  readonly #command: string;
  #stdout = '';
  #stderr = '';
  #over = false;

  constructor(
    t: TestScope,
    file: string,
    args: readonly string[],
    options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
  ) {
    this.#command = [file, ...args].join(' ');
    const cwd = options.cwd === undefined ? {} : { cwd: options.cwd };
    this.child = spawn(file, args, { stdio: 'pipe', env: { ...process.env, ...options.env }, ...cwd });
    this.child.stdin.on('error', () => undefined);
    this.child.stdout.setEncoding('latin1').on('data', (text: string) => {
      this.#stdout += text;
      this.#wake();
    });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#wake();
    });
    this.exit = this.#watchExit();
    t.teardown(async () => {
      this.child.kill('SIGKILL');
      await this.exit;
      if (!t.passing()) t.comment(`${this.#command}\nstdout: ${this.#stdout}\nstderr: ${this.#stderr}`);
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Waits until standard output or standard error has said it. Rejects when the program ends without. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr);
      if (match !== null) return match;
      if (this.#over)
        throw new Error(
          `${this.#command} ended and never said ${String(pattern)}: ${this.#stderr}${this.#stdout}`,
        );
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve);
      });
    }
  }

  write(text: string): void {
    this.child.stdin.write(text);
  }

  /** Closes its standard input. */
  end(): void {
    this.child.stdin.end();
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.child.kill(signal);
  }

  #watchExit(): Promise<Exit> {
    return new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => {
        this.#over = true;
        this.#wake();
        resolve({ code, signal });
      });
    });
  }

  #wake(): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) watcher();
  }
}
