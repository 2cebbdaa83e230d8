import { quoteWord } from '../../core/command-words.ts';
import type { SshConfigFacts } from '../../core/ssh-config-facts.ts';
import { logInToAsk, outcomeOf } from '../asking.ts';
import type { SshConnection } from '../connection.ts';
import { runGatewayCommandIn } from '../gateway-command.ts';
import { keysFirst, type GatewayAccess } from '../login.ts';
import type { Outcome } from '../outcome.ts';
import type { ServerAddress } from '../server-url.ts';
import { readSshConfigFacts } from './read-facts.ts';

/** Which machines are meant, and by which gate. */
export interface FactsWanted {
  readonly target?: string | undefined;
  readonly all?: boolean | undefined;
  readonly profile?: string | undefined;
  readonly gate?: string | undefined;
}

export type Answered<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly outcome: Outcome };

/** Asks the gateway what an ssh_config says. Its own address is the one by which it was reached. */
export async function askSshConfigFacts(
  connection: SshConnection,
  wanted: FactsWanted,
  server: ServerAddress,
): Promise<Answered<SshConfigFacts>> {
  const { outcome, lines } = await runGatewayCommandIn(connection, {
    name: 'ssh-config',
    line: lineOf(wanted),
    stdin: undefined,
  });
  if (outcome.kind !== 'ok') return { ok: false, outcome };
  const facts = readSshConfigFacts(lines.join('\n'));
  if (!facts.ok) return { ok: false, outcome: { kind: 'failed', reason: facts.problem } };
  const { gate } = facts.value;
  const { host, port } = server;
  return { ok: true, value: { ...facts.value, gate: gate.ownAddress ? { ...gate, host, port } : gate } };
}

/** The same, and what else is to be asked, in a login of its own. */
export async function askInLogin<T>(
  access: GatewayAccess,
  ask: (connection: SshConnection) => Promise<Answered<T>>,
): Promise<Answered<T>> {
  const opened = await logInToAsk(await keysFirst(access));
  if (opened.kind !== 'open') return { ok: false, outcome: outcomeOf(opened) };
  const answered = await ask(opened.connection);
  await opened.connection.close();
  return answered;
}

function lineOf({ target, all, profile, gate }: FactsWanted): string {
  const options = [
    ...(all === true ? ['--all'] : []),
    ...(profile === undefined ? [] : [`--profile=${profile}`]),
    ...(gate === undefined ? [] : [`--gate=${gate}`]),
  ];
  const words = ['ssh-config', ...options, '--json', ...(target === undefined ? [] : ['--', target])];
  return words.map(quoteWord).join(' ');
}
