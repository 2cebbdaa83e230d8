import { logInToAsk, outcomeOf } from './asking.ts';
import type { SshConnection } from './connection.ts';
import type { GatewayAccess } from './login.ts';
import type { Outcome } from './outcome.ts';
import { safeLines } from './printable.ts';
import type { ExecResult } from './remote-command.ts';

/** Some look things up elsewhere before they answer. */
const answerMs = 60_000;

export interface GatewayCommand {
  /** The words that name it: `key add`. */
  readonly name: string;
  /** The whole command line, quoted. */
  readonly line: string;
  readonly stdin: string | undefined;
}

/** What the gateway answered: lines for standard output, lines for standard error, and how the command ends. */
export interface GatewayReply {
  readonly lines: readonly string[];
  readonly notes: readonly string[];
  readonly outcome: Outcome;
}

/** Logs in, runs one command that manages the gateway, and logs out. */
export async function runGatewayCommand(
  access: GatewayAccess,
  command: GatewayCommand,
): Promise<GatewayReply> {
  const opened = await logInToAsk(access);
  if (opened.kind !== 'open') return without(outcomeOf(opened));
  const reply = await runGatewayCommandIn(opened.connection, command);
  await opened.connection.close();
  return reply;
}

/** The same in a login that is there. */
export async function runGatewayCommandIn(
  connection: SshConnection,
  command: GatewayCommand,
): Promise<GatewayReply> {
  const { line, stdin } = command;
  const answer = await connection.run(line, { answerMs, ...(stdin !== undefined && { stdin }) });
  if (answer !== undefined) return replyOf(answer, command);
  connection.destroy('the gateway did not take the command');
  return without({ kind: 'failed', reason: await connection.closed });
}

/** What a gateway from before the command says to it, or to its first word. */
export function isUnknownCommand({ code, stderr }: ExecResult, name: string): boolean {
  const [said = ''] = saidIn(stderr);
  const [first = ''] = name.split(' ');
  return code === 2 && [first, name].some((words) => said.startsWith(`unknown command "${words}"`));
}

function saidIn(stderr: string): string[] {
  return safeLines(stderr).map((line) => line.replace(/^porthole: /, ''));
}

function replyOf(result: ExecResult, { name }: GatewayCommand): GatewayReply {
  const { code } = result;
  const lines = safeLines(result.stdout);
  const said = saidIn(result.stderr);
  if (code === 0) return { lines, notes: said, outcome: { kind: 'ok' } };
  const reason = said.join('\n') || 'the gateway ended the command without a word';
  // Its own words name what was asked here.
  if (isUnknownCommand(result, name))
    return without({
      kind: 'failed',
      reason: `this gateway is too old for \`porthole ${name}\`: upgrade it`,
    });
  return { lines, notes: [], outcome: { kind: kindOf(code), reason } };
}

function kindOf(code: number | undefined): 'failed' | 'usage' | 'refused' {
  if (code === 2) return 'usage';
  return code === 3 ? 'refused' : 'failed';
}

function without(outcome: Outcome): GatewayReply {
  return { lines: [], notes: [], outcome };
}
