import { commandSchemas, type CommandValues } from './command-values.ts';
import type { CommandName, CommandSpec } from './commands.ts';

/** A command with its values. */
export type CommandCall = {
  readonly [Name in CommandName]: { readonly name: Name; readonly values: CommandValues[Name] };
}[CommandName];

/** What was given for each argument and option, by its name: before its schema has read it. */
export type GivenValues = Record<string, string | string[] | true>;

/** What is wrong with a value, and whose it is. */
export interface WrongValue {
  readonly name: string;
  /** `is longer than 64 characters`. */
  readonly problem: string;
}

/** Reads what was given for a command, by whatever way it came: the one place where values are checked. */
export function readCall(
  spec: CommandSpec,
  given: GivenValues,
): { readonly ok: true; readonly value: CommandCall } | ({ readonly ok: false } & WrongValue) {
  const name = spec.name as CommandName;
  const read = commandSchemas[name].safeParse(given);
  // The schema of that very name made them.
  if (read.success) return { ok: true, value: { name, values: read.data } as CommandCall };
  const [issue] = read.error.issues;
  return { ok: false, name: String(issue?.path[0] ?? ''), problem: issue?.message ?? 'is not valid' };
}
