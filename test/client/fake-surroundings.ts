import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../client/program.ts';
import type { LiveTerminal } from '../../client/live-terminal.ts';
import type { Surroundings } from '../../client/surroundings.ts';
import { makeKey, type Teardown } from './fake-gateway.ts';

/** The process that a command believes to run in: a home of its own, and lines that are kept. */
export class FakeSurroundings implements Surroundings {
  readonly env: Record<string, string>;
  readonly home: string;
  cwd: string;
  readonly userName = 'tester';
  readonly colour = { stdout: false, stderr: false };
  terminal: LiveTerminal | undefined;
  readonly openTerminal = (): LiveTerminal | undefined => this.terminal;
  readonly askPassphrase: Surroundings['askPassphrase'];
  readonly openUrl: Surroundings['openUrl'];
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  #running = 0;
  readonly #stops = new Set<() => void>();
  readonly #watchers = new Set<() => void>();

  constructor(
    t: Teardown,
    options: Partial<Pick<Surroundings, 'askPassphrase' | 'openUrl'>> & { env?: Record<string, string> } = {},
  ) {
    this.env = options.env ?? {};
    this.askPassphrase = options.askPassphrase;
    this.openUrl = options.openUrl;
    this.home = mkdtempSync(join(tmpdir(), 'porthole-home-'));
    this.cwd = this.home;
    mkdirSync(join(this.home, '.ssh'), { mode: 0o700 });
    t.teardown(() => {
      this.signal();
      this.signal();
      rmSync(this.home, { recursive: true, force: true });
    });
  }

  /** Gives the user an SSH key; the result is its fingerprint. */
  addKey(name = 'id_ed25519'): string {
    const key = makeKey();
    writeFileSync(join(this.home, '.ssh', name), key.private, { mode: 0o600 });
    writeFileSync(join(this.home, '.ssh', `${name}.pub`), `${key.public}\n`);
    return key.fingerprint;
  }

  /** The same, but gives the line for `authorized_keys`. */
  addPublicKey(): string {
    this.addKey();
    return readFileSync(join(this.home, '.ssh', 'id_ed25519.pub'), 'utf8').trim();
  }

  write(name: string, text: string): string {
    const path = join(this.home, name);
    writeFileSync(path, text);
    return path;
  }

  stdin = '';
  readonly readStdin = (maxBytes: number): Promise<string> => Promise.resolve(this.stdin.slice(0, maxBytes));
  readonly print = (text: string): Promise<void> => {
    for (const line of text.replace(/\n$/, '').split('\n')) this.#take(this.stdout, line);
    return Promise.resolve();
  };
  readonly out = (line: string): void => this.#take(this.stdout, line);
  readonly err = (line: string): void => this.#take(this.stderr, line);

  readonly onStop = (listener: () => void): (() => void) => {
    this.#stops.add(listener);
    return () => this.#stops.delete(listener);
  };

  /** What Ctrl-C or SIGTERM would do. */
  signal(): void {
    for (const listener of [...this.#stops]) listener();
  }

  async run(...args: readonly string[]): Promise<number> {
    this.#running += 1;
    const code = await runProgram(args, this);
    this.#running -= 1;
    this.#wake();
    return code;
  }

  /** The first `--json` event of this name, past or future. */
  async event(name: string, count = 1): Promise<Record<string, unknown>> {
    await this.until(() => this.events(name).length >= count);
    return this.events(name)[count - 1] ?? {};
  }

  events(name: string): Record<string, unknown>[] {
    return this.stdout
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((event) => event['event'] === name);
  }

  /** Waits until it holds; looked at after each line. Rejects when the command ends before. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.#running === 0)
        throw new Error(`the command has ended: ${this.stderr.at(-1) ?? 'without a word'}`);
      await new Promise<void>((resolve) => void this.#watchers.add(resolve));
    }
  }

  #take(lines: string[], line: string): void {
    lines.push(line);
    this.#wake();
  }

  #wake(): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) watcher();
  }
}
