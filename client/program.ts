import { Command, CommanderError } from 'commander';
import { connectCommand } from './commands/connect.ts';
import { doctorCommand } from './commands/doctor.ts';
import { applySettings } from './commands/settings.ts';
import { sshCommandCommand } from './commands/ssh-command.ts';
import { statusCommand } from './commands/status.ts';
import { waitCommand } from './commands/wait.ts';
import { exitCode, ok, type Outcome } from './outcome.ts';
import type { Surroundings } from './surroundings.ts';
import { packageVersion } from '../core/version.ts';

const about = `
Exit status: 0 ok, 1 failed, 2 wrong usage, 3 not authorised.
Settings: what the command line leaves out comes from the environment (PORTHOLE_SERVER, PORTHOLE_CA, PORTHOLE_ENV,
  PORTHOLE_IDENTITY, PORTHOLE_KNOWN_HOSTS, PORTHOLE_HOST_KEY, PORTHOLE_CONNECTIONS, PORTHOLE_URL_FILE), else from the
  nearest porthole.toml (PORTHOLE_CONFIG). DOCKER_HOST, SSH_AUTH_SOCK, XDG_STATE_HOME and NO_COLOR mean the usual.

Examples:
  porthole connect pr-42 3000
  porthole connect pr-42 web=3000 api=8080 --server https://preview.example.com
  porthole ssh-command pr-42 web=3000
  porthole wait pr-42
  porthole status
  porthole doctor`;

/** Runs one command line (without the program's own name) and gives its exit status. Never rejects. */
export async function runProgram(args: readonly string[], around: Surroundings): Promise<number> {
  let outcome: Outcome = ok;
  const end = (result: Outcome): void => void (outcome = result);
  const program = new Command('porthole')
    .description('Preview environments behind a Porthole gateway: URLs for what runs on this machine.')
    .version(packageVersion(), '-V, --version')
    .addHelpText('after', about);
  for (const make of [connectCommand, sshCommandCommand, statusCommand, waitCommand, doctorCommand])
    program.addCommand(make(around, end));
  for (const command of [program, ...program.commands]) printBy(command, around);
  program.hook('preAction', (_program, command) => applySettings(command, around));
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? 0 : exitCode({ kind: 'usage', reason: '' });
    outcome = { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
  if (outcome.kind !== 'ok') around.err(`porthole: ${outcome.reason}`);
  return exitCode(outcome);
}

function printBy(command: Command, { out, err }: Surroundings): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => out(text.trimEnd()),
    writeErr: (text) => err(text.trimEnd()),
    outputError: (text, write) => write(`porthole: ${text.replace(/^error: /, '')}`),
  });
}
