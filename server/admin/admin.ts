import { parseCommand, type CommandCall, type CommandLine } from '../../core/command-line.ts';
import { commandHelp, commandList, commandsUnder, usageOf } from '../../core/command-usage.ts';
import { commandNames, type CommandArgument, type CommandSpec } from '../../core/commands.ts';
import { PortholeError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Parsed } from '../../core/parsed.ts';
import { privateKeyForm } from '../../core/public-key.ts';
import { quote } from '../../core/quote.ts';
import type { Role } from '../identity/identity.ts';
import type { Caller } from '../identity/key-record.ts';
import type { AuditRecorder } from '../store/audit-entry.ts';
import { failed, notAllowed, wrongUsage, type Answer, type Call, type Handlers } from './answer.ts';
import { actionOf, auditOf } from './command-audit.ts';
import { isAtLeast } from './key-selection.ts';
import { replyOf, type Reply } from './reply.ts';

const firstWords: readonly string[] = [...new Set(commandNames.map((name) => name.split(' ', 1)[0] ?? ''))];

export interface AdminOptions {
  readonly handlers: Handlers;
  readonly audit: AuditRecorder;
  readonly log: Log;
  readonly now?: () => number;
}

/** What a command reads from standard input: all of it, or its first line. */
export type InputKind = Exclude<CommandArgument['kind'], 'text'>;

/** Who gives a command, and what comes with it. */
export interface AdminSession {
  /** Asked again after the input was read: until then their key may have been revoked. */
  readonly caller: () => Parsed<Caller>;
  /** Read only for commands that take it, by those who may give them. */
  readonly readInput: (wanted: InputKind) => Promise<Parsed<string>>;
}

/** The commands that manage the gateway, for whoever asks by whatever way: reads the words, and says who may give which of them. */
export class Admin {
  readonly #options: AdminOptions;
  readonly #now: () => number;

  constructor(options: AdminOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** The words that its commands begin with. */
  get firstWords(): readonly string[] {
    return firstWords;
  }

  /** Help on the commands that begin with these words, as far as a role may give them; all, without words. */
  help(about: readonly string[], role: Role): readonly string[] {
    const under = commandsUnder(about);
    const [first, ...rest] = under;
    const isNamed = first?.name === about.join(' ');
    const others = (isNamed ? rest : under).filter((spec) => mayGive(role, spec));
    const list = commandList(others, 'gateway');
    if (!isNamed) return list;
    return [...commandHelp(first, 'gateway'), ...(list.length > 0 ? ['', ...list] : [])];
  }

  /** Never rejects. */
  async run(words: readonly string[], session: AdminSession): Promise<Reply> {
    const secret =
      privateKeyForm(words.join('\n')) ?? words.map(privateKeyForm).find((form) => form !== undefined);
    // Before anything that might repeat a word of it.
    if (secret !== undefined)
      return replyOf(failed(`there is ${secret} in the command; nothing of it was kept`));
    const line = parseCommand(words);
    if (line.kind === 'help') return this.#helpReply(line.about, session);
    if (line.kind === 'problem') return replyOf(wrongUsage(usageProblem(line)));
    return replyOf(await this.#answer(line, session), line);
  }

  #helpReply(about: readonly string[], session: AdminSession): Reply {
    const caller = session.caller();
    if (!caller.ok) return replyOf(notAllowed(caller.problem));
    return { stdout: this.help(about, caller.value.identity.role), stderr: [], status: 0 };
  }

  async #answer(line: CommandLine & { kind: 'command' }, session: AdminSession): Promise<Answer> {
    const before = this.#admit(line, session);
    if ('kind' in before) return before;
    const input = await this.#input(line.spec, line.call, session);
    if (!input.ok) return wrongUsage(input.problem);
    // The input may have taken its time, in which their key was revoked.
    const caller = this.#admit(line, session);
    if ('kind' in caller) return caller;
    try {
      return await this.#handle(line.call, { caller, stdin: input.value, now: this.#now() });
    } catch (error) {
      return this.#failure(line.spec, error);
    }
  }

  /** Who gives the command now, or that they may not. */
  #admit({ spec, call }: CommandLine & { kind: 'command' }, session: AdminSession): Caller | Answer {
    const caller = session.caller();
    if (!caller.ok) return notAllowed(caller.problem);
    const { role } = caller.value.identity;
    if (mayGive(role, spec)) return caller.value;
    this.#noteRefusal(call, caller.value);
    const instead = spec.instead === undefined ? '' : `: ${spec.instead}`;
    return notAllowed(
      `${spec.name} is for ${callersOf(spec)}; the key that you log in with is a ${role}'s${instead}`,
    );
  }

  async #input(
    spec: CommandSpec,
    { values }: CommandCall,
    session: AdminSession,
  ): Promise<Parsed<string | undefined>> {
    const wanted = inputOf(spec, values);
    if (wanted === undefined) return { ok: true, value: undefined };
    const file = 'file' in values ? values.file : undefined;
    if (file === undefined || file === '-') return session.readInput(wanted);
    return {
      ok: false,
      problem: `${quote(file)} cannot be read from here: give the key on standard input, ssh ... ${spec.name} < id_ed25519.pub`,
    };
  }

  /** The table is complete by its type; of the name and the values that belong together only the schema knew. */
  #handle({ name, values }: CommandCall, rest: Omit<Call<unknown>, 'values'>): Promise<Answer> {
    const handler = this.#options.handlers[name] as (call: Call<unknown>) => Promise<Answer>;
    return handler({ ...rest, values });
  }

  #noteRefusal({ name, values }: CommandCall, caller: Caller): void {
    const action = actionOf(name);
    const detail = { reason: `not for a ${caller.identity.role}` };
    const entry = auditOf({ caller, now: this.#now() }, { action, target: targetOf(values) ?? name, detail });
    this.#options.audit.record({ ...entry, result: 'refused' });
  }

  #failure({ name }: CommandSpec, error: unknown): Answer {
    if (error instanceof PortholeError) {
      this.#options.log.info({ code: error.code, reason: error.message, command: name }, 'a command failed');
      return error.code === 'ERR_NOT_AUTHORISED' ? notAllowed(error.message) : failed(error.message);
    }
    this.#options.log.error({ err: error, command: name }, 'a command failed inside the gateway');
    return failed('something went wrong in the gateway; its log says what');
  }
}

function targetOf(values: CommandCall['values']): string | undefined {
  if ('key' in values) return values.key;
  if ('env' in values && typeof values.env === 'string') return values.env;
  return 'source' in values ? values.source : undefined;
}

/** Of what it makes itself it reads nothing. */
function inputOf(spec: CommandSpec, values: CommandCall['values']): InputKind | undefined {
  if ('generate' in values && values.generate === true) return undefined;
  return spec.arguments.map(({ kind }) => kind).find((kind) => kind !== 'text');
}

function mayGive(role: Role, { who }: CommandSpec): boolean {
  return who === 'anyone' || isAtLeast(role, who);
}

function callersOf({ who }: CommandSpec): string {
  return who === 'admin' ? 'administrators' : 'members and administrators';
}

function usageProblem({ problem, spec }: CommandLine & { kind: 'problem' }): string {
  return spec === undefined
    ? `${problem}\ntry: ssh ... help`
    : `${problem}\nusage: ${usageOf(spec, 'gateway')}`;
}
