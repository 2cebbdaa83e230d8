import { homedir, userInfo } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { stdoutOutput } from '../core/output.ts';
import { type LiveTerminal, openLiveTerminal } from './live-terminal.ts';
import { openUrl, urlOpener } from './open-url.ts';
import { askHidden, wantsColour } from './terminal.ts';

/** What commands need of the process that they run in. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The folder that it was started in. */
  readonly cwd: string;
  readonly userName: string;
  /** Writes one line to standard output; never blocks. */
  readonly out: (line: string) => void;
  /** Writes to standard output, and settles when the reader has all of it or is gone. */
  readonly print: (text: string) => Promise<void>;
  /** All of standard input, cut after so many bytes. */
  readonly readStdin: (maxBytes: number) => Promise<string>;
  /** Writes one line to standard error. */
  readonly err: (line: string) => void;
  readonly colour: { readonly stdout: boolean; readonly stderr: boolean };
  /** The terminal to draw on; undefined where lines are to be printed. */
  readonly openTerminal: () => LiveTerminal | undefined;
  /** Undefined where there is nobody to ask. */
  readonly askPassphrase: ((question: string) => Promise<string | undefined>) | undefined;
  /** Shows an address in the user's browser; false when that failed. Undefined where nobody sits at a screen. */
  readonly openUrl: ((url: string) => Promise<boolean>) | undefined;
  /**
   * Calls the listener for each request to end (Ctrl-C, SIGTERM, a closed terminal); the result stops that.
   */
  readonly onStop: (listener: () => void) => () => void;
}

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Unwritten bytes above which lines for a stuck reader are dropped. */
const maxPendingBytes = 64 * 1024;

export function processSurroundings(): Surroundings {
  const { env, stdin, stdout, stderr } = process;
  const opener = stdin.isTTY && stderr.isTTY ? urlOpener(process.platform, env) : undefined;
  const output = stdoutOutput((lines) => `${JSON.stringify({ event: 'dropped', lines })}\n`);
  stderr.on('error', () => undefined);
  return {
    env,
    home: homedir(),
    cwd: process.cwd(),
    userName: userName(),
    out: (line) => output.write(`${line}\n`),
    print: (text) => printTo(stdout, text),
    readStdin: (maxBytes) => readStart(stdin, maxBytes),
    err: (line) => {
      if (stderr.writableLength < maxPendingBytes) stderr.write(`${line}\n`);
    },
    colour: { stdout: wantsColour(stdout, env), stderr: wantsColour(stderr, env) },
    openTerminal: () => openLiveTerminal({ stdout, stderr }, env, wantsColour(stdout, env)),
    askPassphrase: stdin.isTTY
      ? (question) => askHidden(question, { input: stdin, output: stderr })
      : undefined,
    openUrl: opener && ((url) => openUrl(opener, url)),
    onStop,
  };
}

function printTo(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    stream.write(text, () => resolve());
  });
}

async function readStart(stream: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes >= maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
}

function onStop(listener: () => void): () => void {
  for (const signal of stopSignals) process.on(signal, listener);
  return () => {
    for (const signal of stopSignals) process.off(signal, listener);
  };
}

/** Containers run under ids without a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'user';
  }
}
