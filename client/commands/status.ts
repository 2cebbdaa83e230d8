import { Command } from 'commander';
import { ask, askEnvName, logInToAsk, notUnderstood, outcomeOf } from '../asking.ts';
import type { SshConnection } from '../connection.ts';
import { parseEnvironment, parseEnvironments } from '../environment-answers.ts';
import { ok, type Outcome } from '../outcome.ts';
import { environmentTable, statusTable } from '../status-table.ts';
import type { Surroundings } from '../surroundings.ts';
import { addGatewayFlags, gatewayAccess, type GatewayFlags } from './gateway-flags.ts';

interface StatusFlags extends GatewayFlags {
  readonly json?: boolean;
  readonly all?: boolean;
}

const examples = `
Examples:
  porthole status
  porthole status pr-42 --json`;

export function statusCommand(around: Surroundings, end: (outcome: Outcome) => void): Command {
  const command = new Command('status')
    .summary('what is connected, and how it is')
    .description(
      'Asks the gateway, with your SSH key, which environments are connected: their state, URLs and tunnels.',
    )
    .argument('[env]', 'only this environment, such as pr-42 or a branch name (default: all of yours)');
  return addGatewayFlags(command)
    .option('-a, --all', 'those that are offline or expired, too')
    .option('--json', "the gateway's own answer, one line of JSON")
    .addHelpText('after', examples)
    .action(async (env: string | undefined, flags: StatusFlags) => {
      end(await status(env, flags, around));
    });
}

export async function status(
  env: string | undefined,
  flags: StatusFlags,
  around: Surroundings,
): Promise<Outcome> {
  const access = await gatewayAccess(flags, env ?? around.userName, around);
  if (!access.ok) return access.outcome;
  const opened = await logInToAsk(access.value);
  if (opened.kind !== 'open') return outcomeOf(opened);
  const { connection } = opened;
  const outcome =
    env === undefined ? await printAll(connection, flags, around) : await printOne(connection, flags, around);
  await connection.close();
  return outcome;
}

async function printAll(
  connection: SshConnection,
  flags: StatusFlags,
  around: Surroundings,
): Promise<Outcome> {
  const said = await ask(connection, 'status');
  if (!said.ok) return said.outcome;
  const answer = parseEnvironments(said.text);
  if (answer === undefined) return notUnderstood(said.text).outcome;
  const table = (): string[] => statusTable(answer, { nowMs: Date.now(), all: flags.all === true });
  for (const line of flags.json === true ? [inOneLine(said.text)] : table()) around.out(line);
  return ok;
}

async function printOne(
  connection: SshConnection,
  flags: StatusFlags,
  around: Surroundings,
): Promise<Outcome> {
  const name = await askEnvName(connection);
  const said = name.ok ? await ask(connection, `status ${name.text}`) : name;
  if (!said.ok) return said.outcome;
  const answer = parseEnvironment(said.text);
  if (answer === undefined) return notUnderstood(said.text).outcome;
  const lines = flags.json === true ? [inOneLine(said.text)] : environmentTable(answer, Date.now());
  for (const line of lines) around.out(line);
  return ok;
}

function inOneLine(json: string): string {
  return JSON.stringify(JSON.parse(json));
}
