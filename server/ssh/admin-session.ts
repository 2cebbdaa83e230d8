import type { Parsed } from '../../core/parsed.ts';
import type { Caller } from '../identity/key-record.ts';
import type { AdminCommands, CommandConnection } from './admin-commands.ts';
import type { InputKind, SessionInput } from './session-input.ts';
import type { SessionOutput } from './session-output.ts';

export interface AdminSessionOptions {
  readonly admin: AdminCommands;
  /** Who gives the command at this moment, or why they may give none any more. */
  readonly caller: () => Parsed<Caller>;
  readonly connection: CommandConnection;
  readonly input: Pick<SessionInput, 'read'>;
  /** Somebody types there, and sees only what is sent to them. */
  readonly terminal: boolean;
  readonly output: Pick<SessionOutput, 'whole' | 'error' | 'remark' | 'exit' | 'cut'>;
}

const secretPrompt = 'Type the password, and Enter; it is not shown. Ctrl-C gives up.';

/** Gives one command that manages the gateway, and shows what it answers, in a session that ends with it. Never rejects. */
export async function runAdminCommand(words: readonly string[], session: AdminSessionOptions): Promise<void> {
  const { admin, caller, connection, input, output, terminal } = session;
  const readInput = (wanted: InputKind): Promise<Parsed<string>> => {
    if (terminal && wanted === 'secret') output.remark(secretPrompt);
    return input.read(wanted);
  };
  const reply = await admin.run(words, { caller, readInput, connection });
  if (!(await output.whole(reply.stdout))) {
    output.cut();
    return;
  }
  const [first, ...rest] = reply.stderr;
  if (first !== undefined && reply.status === 0) output.remark(first);
  else if (first !== undefined) output.error(first);
  for (const line of rest) output.remark(line);
  output.exit(reply.status);
}
