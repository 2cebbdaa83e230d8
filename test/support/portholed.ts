import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The part of a tap test that fixtures need. */
export interface Teardown {
  teardown(action: () => unknown): void;
}

export interface LogLine {
  readonly msg: string;
  readonly level: string;
  readonly [field: string]: unknown;
}

export interface PortholedOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** What runs it: the words before the program. */
  readonly enter?: readonly string[];
}

const main = fileURLToPath(new URL('../../server/main.ts', import.meta.url));

/** A gateway as its own process, on a port and a state directory of its own. */
export class Portholed {
  readonly child: ChildProcess;
  readonly stateDir: string;
  readonly lines: LogLine[] = [];
  readonly #waiters = new Set<() => void>();
  #stderr = '';
  #exitCode: number | null | undefined;

  /** Starts it and waits until it listens. */
  static async start(
    t: Teardown,
    args: readonly string[] = [],
    options: PortholedOptions = {},
  ): Promise<Portholed> {
    const gateway = Portholed.spawn(t, args, options);
    await gateway.line((line) => line.msg === 'listening');
    return gateway;
  }

  /** Starts it, and waits for nothing. */
  static spawn(t: Teardown, args: readonly string[] = [], options: PortholedOptions = {}): Portholed {
    const given = args[args.indexOf('--state-dir') + 1];
    const stateDir =
      args.includes('--state-dir') && given !== undefined ? given : mkdtempSync(join(tmpdir(), 'portholed-'));
    const gateway = new Portholed(stateDir, args, options);
    t.teardown(async () => {
      await gateway.kill('SIGKILL');
      rmSync(stateDir, { recursive: true, force: true });
    });
    return gateway;
  }

  private constructor(stateDir: string, args: readonly string[], { env = {}, enter = [] }: PortholedOptions) {
    this.stateDir = stateDir;
    const defaults = ['--listen', '127.0.0.1:0', '--log-format', 'json'].filter(
      (_word, index) => !(index < 2 && args.includes('--listen')),
    );
    const own = args.includes('--state-dir') ? [] : ['--state-dir', stateDir];
    const [file, ...words] = [...enter, process.execPath, main];
    this.child = spawn(file, [...words, ...defaults, ...own, ...args], {
      env: { PATH: process.env['PATH'], HOME: stateDir, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    if (this.child.stdout !== null) {
      createInterface({ input: this.child.stdout }).on('line', (line) => {
        this.#take(line);
      });
    }
    this.child.on('close', (code) => {
      this.#exitCode = code;
      this.#wake();
    });
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The port of the first shared listener. */
  get port(): number {
    const listening = this.lines.find((line) => line.msg === 'listening');
    const [address = ''] = (listening?.['addresses'] ?? []) as string[];
    return Number(address.slice(address.lastIndexOf(':') + 1));
  }

  get caFile(): string {
    return join(this.stateDir, 'ca.pem');
  }

  get ca(): string {
    return readFileSync(this.caFile, 'utf8');
  }

  /** The first log line that fits, past or future. Rejects when the process ends before there is one. */
  async line(fits: (line: LogLine) => boolean): Promise<LogLine> {
    for (;;) {
      const found = this.lines.find(fits);
      if (found !== undefined) return found;
      if (this.#exitCode !== undefined) {
        throw new Error(
          `portholed ended with ${String(this.#exitCode)}\n${this.#stderr}${JSON.stringify(this.lines.at(-1) ?? '')}`,
        );
      }
      await new Promise<void>((resolve) => {
        this.#waiters.add(resolve);
      });
    }
  }

  /** Ends it and gives its exit code. */
  async kill(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#exitCode !== undefined) return this.#exitCode;
    this.child.kill(signal);
    return this.exit();
  }

  async exit(): Promise<number | null> {
    if (this.#exitCode === undefined) await once(this.child, 'close');
    return this.#exitCode ?? null;
  }

  #take(line: string): void {
    try {
      this.lines.push(JSON.parse(line) as LogLine);
    } catch {
      this.lines.push({ msg: line, level: 'raw' });
    }
    this.#wake();
  }

  #wake(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) waiter();
  }
}
