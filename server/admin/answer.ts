import type { ErrorCode } from '../../core/errors.ts';
import type { CommandName } from '../../core/commands.ts';
import type { CommandValues } from '../../core/command-values.ts';
import type { Caller } from '../identity/key-record.ts';

/** What a command answers: a value for programs and lines for people, or why not. */
export type Answer =
  | {
      readonly kind: 'answer';
      /** For `--json`, on one line. Times are ISO 8601. */
      readonly value: unknown;
      /** May hold what others wrote: control characters are escaped when they are shown. */
      readonly lines: readonly string[];
      /** For people only, beside the lines and after them, on standard error: what they should know. */
      readonly notes?: readonly string[];
    }
  | Failed;

/** Why there is no answer. */
export interface Failed {
  readonly kind: 'error';
  readonly message: string;
  readonly status: ErrorStatus;
  /** For HTTP, where the status alone says too little. */
  readonly code?: ErrorCode;
  /** For programs that act on it, with `--json`. */
  readonly value?: unknown;
}

/** 1 failed, 2 wrong usage, 3 not authorised. */
export type ErrorStatus = 1 | 2 | 3;

/** The SSH connection that a command came by. */
export interface CommandConnection {
  readonly env: string;
  readonly tunnelId: string;
}

/** One call of a command whose words have been read, by somebody who may give it. */
export interface Call<Values> {
  readonly caller: Caller;
  readonly values: Values;
  /** Only of commands that take a public key or a secret; neither is ever told again. */
  readonly stdin: string | undefined;
  /** None where it came by another way. */
  readonly connection?: CommandConnection | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** May reject with a `PortholeError`, whose message is told. Anything else is told as an internal error. */
export type Handler<Values> = (call: Call<Values>) => Promise<Answer>;

/** A handler for each of these commands. Whoever is not allowed to touch what a command names is refused in its handler. */
export type Handlers<Name extends CommandName = CommandName> = {
  readonly [Each in Name]: Handler<CommandValues[Each]>;
};

export function answer(value: unknown, lines: readonly string[], notes: readonly string[] = []): Answer {
  return { kind: 'answer', value, lines, ...(notes.length > 0 && { notes }) };
}

export function failed(message: string): Failed {
  return { kind: 'error', message, status: 1 };
}

export function wrongUsage(message: string): Failed {
  return { kind: 'error', message, status: 2 };
}

export function notAllowed(message: string): Failed {
  return { kind: 'error', message, status: 3 };
}
