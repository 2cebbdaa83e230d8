import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { problem, type Parsed } from '../core/parsed.ts';

const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * Runs a program that has the terminal for itself, and gives its exit status: 128 and the signal's number, where one ended it. What should end this process ends that one.
 */
export function runInTerminal(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Parsed<number>> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: 'inherit', env: { ...env } });
    const forget = passSignalsOn((signal) => child.kill(signal));
    child.once('error', (error: NodeJS.ErrnoException) => {
      forget();
      resolve(problem(error.code === 'ENOENT' ? `there is no ${file} here: install OpenSSH` : error.message));
    });
    child.once('exit', (code, signal) => {
      forget();
      resolve({ ok: true, value: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) });
    });
  });
}

/** The terminal's own keys reach the program without us. */
function passSignalsOn(kill: (signal: NodeJS.Signals) => void): () => void {
  const listeners = passedOn.map((signal) => {
    const isKey = process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT');
    const listener = (): void => {
      if (!isKey) kill(signal);
    };
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  return () => {
    for (const forget of listeners) forget();
  };
}
