import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { endOf, keepSmall, openLog } from './log-file.ts';
import { statOf, withDescendants } from './procfs.ts';

const politeMs = 3000;
const keptChars = 64 * 1024;

export interface ChildOptions {
  /** Added to this process's own environment; undefined takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Takes its standard output, so that nobody works for its log while it is measured. */
  readonly logFile?: string;
}

/** One process that the benchmark started, with the end of what it printed. */
export class Child {
  readonly name: string;
  readonly pid: number;
  /** How it ended, in words; settles once and never rejects. */
  readonly exited: Promise<string>;
  #process: ChildProcess;
  /** It is gone, though what came from it may still hold its outputs open. */
  #gone: Promise<void>;
  #stdout: () => string;
  #stderr: () => string;
  #running = true;

  /** Throws when the command cannot be started at all. */
  constructor(command: string, args: readonly string[], { env = {}, logFile }: ChildOptions = {}) {
    this.name = command.slice(command.lastIndexOf('/') + 1);
    const log = logFile === undefined ? undefined : openLog(logFile);
    const child = spawn(command, args, {
      stdio: ['ignore', log ?? 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    child.on('error', () => {});
    if (log !== undefined) closeSync(log);
    if (child.pid === undefined) throw new Error(`${command} did not start`);
    this.pid = child.pid;
    this.#process = child;
    this.#stdout = logFile === undefined ? keepEnd(child.stdout) : () => endOf(logFile, keptChars);
    this.#stderr = keepEnd(child.stderr);
    const letGo = logFile === undefined ? (): void => {} : keepSmall(logFile);
    this.exited = new Promise((settle) => {
      child.once('close', (code, signal) => settle(signal ?? `exit code ${code}`));
    });
    this.#gone = new Promise((settle) => {
      child.once('exit', () => {
        this.#running = false;
        letGo();
        settle();
      });
    });
  }

  get running(): boolean {
    return this.#running;
  }

  get stdout(): string {
    return this.#stdout();
  }

  /** The last lines of both outputs, for messages about a failure. */
  get lastWords(): string {
    return `${this.stdout.slice(-1000)}${this.#stderr().slice(-2000)}`.trim();
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** Ends it and everything that came from it, politely at first, and waits until it is gone. */
  async stop(): Promise<void> {
    const family = this.#family();
    this.signal('SIGTERM');
    await Promise.race([this.#gone, sleep(politeMs, undefined, { ref: false })]);
    for (const kill of family) kill();
    await Promise.race([this.exited, sleep(politeMs, undefined, { ref: false })]);
  }

  /** Ends it and everything that came from it now, without waiting. */
  kill(): void {
    for (const kill of this.#family()) kill();
  }

  /** One kill for each process of the family, which spares another process that got the same pid since. */
  #family(): (() => void)[] {
    if (!this.#running) return [];
    return withDescendants([this.pid]).map((pid) => {
      const startTicks = statOf(pid)?.startTicks;
      return () => {
        if (startTicks !== undefined && statOf(pid)?.startTicks === startTicks) killQuietly(pid);
      };
    });
  }
}

/** Reads a stream to its end, and keeps the last of it. */
function keepEnd(stream: Readable | null): () => string {
  let kept = '';
  stream?.setEncoding('utf8').on('data', (text: string) => {
    kept = (kept + text).slice(-keptChars);
  });
  return () => kept;
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in this moment.
  }
}
