import { Command, CommanderError } from 'commander';
import { PortholeError } from '../../core/errors.ts';
import { adminCommand } from './admin.ts';
import { backupCommand } from './backup.ts';
import { caCommand } from './ca.ts';
import { UsageProblem, type Operator } from './operator.ts';
import { sessionKeyCommand } from './session-key.ts';

/** Each makes one command with its own subcommands; they are listed in this order. */
const makers: readonly ((operator: Operator) => Command)[] = [
  adminCommand,
  caCommand,
  sessionKeyCommand,
  backupCommand,
];

const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/** Runs one of the operator's commands, `portholed WORDS`, and gives the exit code. Rejects with what nobody foresaw. */
export async function runOperator(words: readonly string[], operator: Operator): Promise<number> {
  try {
    await programOf(operator).parseAsync([...words], { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    // Commander has said already what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (error instanceof UsageProblem) return complain(error.problems, exitCodes.usage, operator);
    if (error instanceof PortholeError) return complain([error.message], exitCodes.failed, operator);
    throw error;
  }
}

/** The commands and what each does, for the help of the gateway. */
export function operatorCommands(operator: Operator): readonly (readonly [usage: string, about: string])[] {
  return makers
    .flatMap((make) => leavesOf(make(operator)))
    .map(({ path, command }) => [
      [...path, ...command.registeredArguments.map(argumentWord)].join(' '),
      command.summary(),
    ]);
}

function programOf(operator: Operator): Command {
  const program = new Command('portholed')
    .description(
      "Commands for whoever has the gateway's state directory; without one, the gateway itself runs.",
    )
    .helpOption('-h, --help', 'print this, and exit')
    .helpCommand('help [command]', 'print the help of a command, and exit');
  for (const make of makers) program.addCommand(make(operator));
  for (const command of familyOf(program)) printBy(command, operator);
  return program;
}

function familyOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(familyOf)];
}

function leavesOf(command: Command, above: readonly string[] = []): { path: string[]; command: Command }[] {
  const path = [...above, command.name()];
  if (command.commands.length === 0) return [{ path, command }];
  return command.commands.flatMap((each) => leavesOf(each, path));
}

function argumentWord(argument: Command['registeredArguments'][number]): string {
  const word = `${argument.name().toUpperCase()}${argument.variadic ? '...' : ''}`;
  return argument.required ? word : `[${word}]`;
}

function printBy(command: Command, { out, err }: Operator): void {
  command
    .exitOverride()
    .showHelpAfterError(false)
    .configureOutput({
      writeOut: (text) => {
        out(text.trimEnd());
      },
      writeErr: (text) => {
        err(text.trimEnd());
      },
      outputError: (text, write) => {
        write(`portholed: ${text.replace(/^error: /, '')}`);
      },
    });
}

function complain(problems: readonly string[], exitCode: number, { err }: Operator): number {
  for (const problem of problems) err(`portholed: ${problem}`);
  return exitCode;
}
