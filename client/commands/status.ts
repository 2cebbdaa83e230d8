import { Command } from 'commander';
import type { SshConnection } from '../connection.ts';
import type { Failure } from '../failure.ts';
import { parseStatus } from '../gateway-answers.ts';
import { defaultLoginTimings, logIn } from '../login.ts';
import { ok, type Outcome } from '../outcome.ts';
import { oneLine } from '../printable.ts';
import type { Surroundings } from '../surroundings.ts';
import { statusTable } from '../status-table.ts';
import { openFailure } from '../channel-table.ts';
import { addGatewayFlags, gatewayAccess, type GatewayFlags } from './gateway-flags.ts';

interface StatusFlags extends GatewayFlags {
  readonly json?: boolean;
}

export function statusCommand(around: Surroundings, end: (outcome: Outcome) => void): Command {
  const command = new Command('status')
    .summary('what the gateway says is connected')
    .description('Asks the gateway what is connected, with your SSH key.')
    .argument('[env]', 'the environment (default: your user name)');
  return addGatewayFlags(command)
    .option('--json', "print the gateway's own answer, one line of JSON")
    .action(async (env: string | undefined, flags: StatusFlags) => {
      end(await status(env ?? around.userName, flags, around));
    });
}

export async function status(env: string, flags: StatusFlags, around: Surroundings): Promise<Outcome> {
  const access = await gatewayAccess(flags, env, around);
  if (!access.ok) return access.outcome;
  const opened = await logIn(access.value, {
    timings: defaultLoginTimings,
    signal: new AbortController().signal,
    onOpening: (opening) => opening.refuse(openFailure.prohibited, 'nothing is offered here'),
  });
  if (opened.kind !== 'open') return outcomeOf(opened);
  const outcome = await printStatus(opened.connection, flags, around);
  await opened.connection.close();
  return outcome;
}

async function printStatus(
  connection: SshConnection,
  flags: StatusFlags,
  around: Surroundings,
): Promise<Outcome> {
  const answer = await connection.run('status');
  if (answer === undefined) return { kind: 'failed', reason: await connection.closed };
  const parsed = parseStatus(answer.stdout);
  if (parsed === undefined) {
    return {
      kind: 'failed',
      reason: `the gateway does not answer status: ${oneLine(answer.stderr || answer.stdout)}`,
    };
  }
  if (flags.json === true) around.out(JSON.stringify(JSON.parse(answer.stdout)));
  else for (const line of statusTable(parsed)) around.out(line);
  return ok;
}

function outcomeOf(failure: Failure): Outcome {
  return { kind: failure.kind === 'refused' ? 'refused' : 'failed', reason: failure.reason };
}
