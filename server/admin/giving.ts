import type { CommandCall } from '../../core/command-call.ts';
import type { CommandArgument, CommandSpec } from '../../core/commands.ts';
import { PortholeError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { problem, type Parsed } from '../../core/parsed.ts';
import { quote } from '../../core/quote.ts';
import type { Role } from '../identity/identity.ts';
import type { Caller } from '../identity/key-record.ts';
import type { AuditRecorder } from '../store/audit-entry.ts';
import {
  failed,
  notAllowed,
  wrongUsage,
  type Answer,
  type Call,
  type CommandConnection,
  type Handlers,
} from './answer.ts';
import { actionOf, auditOf } from './command-audit.ts';
import { isAtLeast } from './key-selection.ts';

export interface GivingOptions {
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
  /** The SSH connection that it comes by, if it does. */
  readonly connection?: CommandConnection | undefined;
}

/** A command that has been read, by whatever way it came. */
export interface GivenCommand {
  readonly spec: CommandSpec;
  readonly call: CommandCall;
}

/** The one way by which commands have their effect: says who may give which of them, reads what comes with it, and has it handled. */
export class Giving {
  readonly #options: GivingOptions;
  readonly #now: () => number;

  constructor(options: GivingOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Never rejects. */
  async give(command: GivenCommand, session: AdminSession): Promise<Answer> {
    const before = this.#admit(command, session);
    if ('kind' in before) return before;
    const input = await readInput(command, session);
    if (!input.ok) return wrongUsage(input.problem);
    // The input may have taken its time, in which their key was revoked.
    const caller = this.#admit(command, session);
    if ('kind' in caller) return caller;
    try {
      const { connection } = session;
      return await this.#handle(command.call, { caller, stdin: input.value, connection, now: this.#now() });
    } catch (error) {
      return this.#failure(command.spec, error);
    }
  }

  /** Who gives the command now, or that they may not. */
  #admit({ spec, call }: GivenCommand, session: AdminSession): Caller | Answer {
    const caller = session.caller();
    if (!caller.ok) return { ...notAllowed(caller.problem), code: 'ERR_LOGIN_REQUIRED' };
    const { role } = caller.value.identity;
    if (mayGive(role, spec)) return caller.value;
    this.#noteRefusal(call, caller.value);
    const instead = spec.instead === undefined ? '' : `: ${spec.instead}`;
    return notAllowed(
      `${spec.name} is for ${callersOf(spec)}; the key that you log in with is a ${role}'s${instead}`,
    );
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
      const { code, message } = error;
      this.#options.log.info({ code, reason: message, command: name }, 'a command failed');
      return { ...(code === 'ERR_NOT_AUTHORISED' ? notAllowed(message) : failed(message)), code };
    }
    this.#options.log.error({ err: error, command: name }, 'a command failed inside the gateway');
    return { ...failed('something went wrong in the gateway; its log says what'), code: 'ERR_INTERNAL' };
  }
}

export function mayGive(role: Role, { who }: CommandSpec): boolean {
  return who === 'anyone' || isAtLeast(role, who);
}

/** What a command reads besides its words; of what it makes itself it reads nothing. */
export function inputOf(spec: CommandSpec, values: CommandCall['values']): InputKind | undefined {
  if ('generate' in values && values.generate === true) return undefined;
  return spec.arguments.map(({ kind }) => kind).find((kind) => kind !== 'text');
}

async function readInput(
  { spec, call: { values } }: GivenCommand,
  session: AdminSession,
): Promise<Parsed<string | undefined>> {
  const wanted = inputOf(spec, values);
  if (wanted === undefined) return { ok: true, value: undefined };
  const files = 'file' in values ? [values.file ?? []].flat() : [];
  const [file] = files.filter((each) => each !== '-');
  if (file === undefined) return session.readInput(wanted);
  const [what, example] =
    wanted === 'host-keys' ? ['host keys', 'ssh_host_ed25519_key.pub'] : ['key', 'id_ed25519.pub'];
  return problem(
    `${quote(file)} cannot be read from here: give the ${what} on standard input, ssh ... ${spec.name} < ${example}`,
  );
}

function targetOf(values: CommandCall['values']): string | undefined {
  if ('key' in values) return values.key;
  if ('env' in values && typeof values.env === 'string') return values.env;
  if ('target' in values && values.target !== undefined) return values.target;
  if ('gate' in values && values.gate !== undefined) return values.gate;
  return 'source' in values ? values.source : undefined;
}

function callersOf({ who }: CommandSpec): string {
  return who === 'admin' ? 'administrators' : 'members and administrators';
}
