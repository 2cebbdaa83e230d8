import { Command, CommanderError } from 'commander';
import { adminCommands } from './commands/admin.ts';
import { agentCommand } from './commands/agent.ts';
import { connectCommand } from './commands/connect.ts';
import { doctorCommand } from './commands/doctor.ts';
import { forwardCommand } from './commands/forward.ts';
import { loginCommand } from './commands/login.ts';
import { applySettings } from './commands/settings.ts';
import { sshCommandCommand } from './commands/ssh-command.ts';
import { sshConfigCommand } from './commands/ssh-config.ts';
import { sshCommand } from './commands/ssh.ts';
import { statusCommand } from './commands/status.ts';
import { waitCommand } from './commands/wait.ts';
import { exitCode, ok, type Outcome } from './outcome.ts';
import type { Surroundings } from './surroundings.ts';
import { privateKeyForm } from '../core/public-key.ts';
import { packageVersion } from '../core/version.ts';

const about = `
Exit status: 0 ok, 1 failed, 2 wrong usage, 3 not authorised; of porthole ssh, that of ssh.
Settings: what the command line leaves out comes from the environment (PORTHOLE_SERVER, PORTHOLE_CA, PORTHOLE_ENV,
  PORTHOLE_IDENTITY, PORTHOLE_CERTIFICATE, PORTHOLE_KNOWN_HOSTS, PORTHOLE_HOST_KEY, PORTHOLE_CONNECTIONS,
  PORTHOLE_URL_FILE), else from the nearest porthole.toml (PORTHOLE_CONFIG). DOCKER_HOST, SSH_AUTH_SOCK, XDG_STATE_HOME and NO_COLOR mean the usual.

Examples:
  porthole connect pr-42 3000
  porthole connect pr-42 web=3000 api=8080 --server https://preview.example.com
  porthole connect pr-42 3000 --ssh
  porthole ssh-command pr-42 web=3000
  porthole wait pr-42
  porthole status
  porthole ssh pr-42
  porthole ssh-config --install
  porthole forward pr-42 db
  porthole doctor
  porthole key add colleague.pub --name ana --env 'pr-*' --expires 30d
  porthole env list
  porthole share pr-42 --ttl 7d
  porthole login`;

/** Runs one command line (without the program's own name) and gives its exit status. Never rejects. */
export async function runProgram(args: readonly string[], around: Surroundings): Promise<number> {
  if (args.some(isPrivateKey)) return pastedKey(around);
  let outcome: Outcome = ok;
  let status: number | undefined;
  const end = (result: Outcome): void => void (outcome = result);
  const program = new Command('porthole')
    .description('Preview environments behind a Porthole gateway: URLs for what runs on this machine.')
    .version(packageVersion(), '-V, --version')
    // The options of `share` and those of `share list` have the same names.
    .enablePositionalOptions()
    .addHelpText('after', about);
  for (const make of [
    connectCommand,
    loginCommand,
    sshCommandCommand,
    sshConfigCommand,
    forwardCommand,
    statusCommand,
    waitCommand,
    doctorCommand,
    agentCommand,
  ])
    program.addCommand(make(around, end));
  program.addCommand(sshCommand(around, end, (code) => void (status = code)));
  for (const command of adminCommands(around, end)) program.addCommand(command);
  printBy(program, around);
  program.hook('preAction', (_program, command) => applySettings(command, around));
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? 0 : exitCode({ kind: 'usage', reason: '' });
    outcome = { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
  if (outcome.kind !== 'ok') around.err(`porthole: ${outcome.reason}`);
  return status ?? exitCode(outcome);
}

/** Shorter words are none, whatever they look like. */
const shortestKey = 60;

function isPrivateKey(word: string): boolean {
  return word.length >= shortestKey && privateKeyForm(word) !== undefined;
}

/** What reads the words would show it in its error. */
function pastedKey({ err }: Surroundings): number {
  err(
    'porthole: a private key is among the words of the command line; nothing of it was sent. It is in the history of your shell now: make a new one. Give the name of its public half, FILE.pub',
  );
  return exitCode({ kind: 'usage', reason: '' });
}

/** The command, and those below it. */
function printBy(command: Command, around: Surroundings): void {
  for (const below of command.commands) printBy(below, around);
  const { out, err } = around;
  command.exitOverride().configureOutput({
    writeOut: (text) => out(text.trimEnd()),
    writeErr: (text) => err(text.trimEnd()),
    outputError: (text, write) => write(`porthole: ${text.replace(/^error: /, '')}`),
  });
}
