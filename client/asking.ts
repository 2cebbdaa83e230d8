import { openFailure } from '../core/channel-opening.ts';
import type { SshConnection } from './connection.ts';
import type { Failure } from './failure.ts';
import { parseHello } from './gateway-answers.ts';
import { defaultLoginTimings, type GatewayAccess, logIn } from './login.ts';
import type { Outcome } from './outcome.ts';
import { oneLine } from './printable.ts';

/** What the gateway said to a command, or why it said nothing. */
export type Said =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly outcome: Outcome };

/** Logs in to ask, and offers nothing. */
export function logInToAsk(
  access: GatewayAccess,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ kind: 'open'; connection: SshConnection } | Failure> {
  return logIn(access, {
    timings: defaultLoginTimings,
    signal,
    onOpening: (opening) => opening.refuse(openFailure.prohibited, 'nothing is offered here'),
  });
}

/** Runs one command. What it prints as an error is how the command ends. */
export async function ask(connection: SshConnection, command: string): Promise<Said> {
  const answer = await connection.run(command);
  if (answer === undefined) return failed(await connection.closed);
  if ((answer.code ?? 0) === 0) return { ok: true, text: answer.stdout };
  return failed(oneLine(answer.stderr || answer.stdout));
}

/** The name of the environment that the connection logged in for, as the gateway writes it. */
export async function askEnvName(connection: SshConnection): Promise<Said> {
  const said = await ask(connection, 'hello');
  if (!said.ok) return said;
  const env = parseHello(said.text)?.env;
  return env !== undefined && /^[a-z0-9-]+$/.test(env) ? { ok: true, text: env } : notUnderstood(said.text);
}

export function notUnderstood(text: string): { ok: false; outcome: Outcome } {
  return failed(`the gateway's answer is not understood: ${oneLine(text)}`);
}

export function outcomeOf(failure: Failure): Outcome {
  return { kind: failure.kind === 'refused' ? 'refused' : 'failed', reason: failure.reason };
}

function failed(reason: string): { ok: false; outcome: Outcome } {
  return { ok: false, outcome: { kind: 'failed', reason } };
}
