import { execFile } from 'node:child_process';

/** How a program ended that was run to its end. */
export interface ProgramRun {
  /** Undefined when it could not be run, or did not end in time. */
  readonly code: number | undefined;
  readonly stdout: string;
  /** What it said, or why it could not be run. */
  readonly stderr: string;
}

/** Runs a program with these words; for one user, if one is given. */
export type RunProgram = (
  file: string,
  words: readonly string[],
  as?: { readonly uid: number; readonly gid: number },
) => Promise<ProgramRun>;

const timeoutMs = 30_000;
const maxBuffer = 1024 * 1024;

/** Never rejects. Its messages are in English, whatever the user's language is. */
export const runProgramToEnd: RunProgram = (file, words, as) =>
  new Promise((resolve) => {
    const env = { ...process.env, LC_ALL: 'C' };
    const options = { timeout: timeoutMs, maxBuffer, env, ...as };
    execFile(file, [...words], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, stdout, stderr });
      else resolve({ code: undefined, stdout, stderr: error?.message ?? '' });
    });
  });
