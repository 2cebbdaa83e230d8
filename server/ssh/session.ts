import type { Connection, ServerChannel, Session } from 'ssh2';
import { splitWords } from '../../core/command-words.ts';
import { optionNames, parseOptionWords } from '../../core/forward.ts';
import type { Log } from '../../core/log.ts';
import type { Parsed } from '../../core/parsed.ts';
import type { Caller } from '../identity/key-record.ts';
import type { RequestFeed } from '../routing/request-feed.ts';
import type { AdminCommands, CommandConnection } from './admin-commands.ts';
import { runAdminCommand } from './admin-session.ts';
import { runCommand, type CommandContext } from './commands.ts';
import type { Forwarding } from './forwarding.ts';
import { releaseSession } from './release-session.ts';
import { SessionInput } from './session-input.ts';
import { nextLines, refusalLine, requestJson, requestLine, viewLines } from './session-view.ts';
import { SessionOutput } from './session-output.ts';
import type { Refusal } from './refusals.ts';

export interface SessionsOptions {
  readonly forwarding: Forwarding;
  readonly feed: RequestFeed;
  readonly context: () => CommandContext;
  /** The commands that manage the gateway. */
  readonly admin?: AdminCommands | undefined;
  /** Who gives them, or why they may not any more. */
  readonly caller: () => Parsed<Caller>;
  /** The connection that they come by. */
  readonly connection: CommandConnection;
  readonly log: Log;
  /** The user asked for the end of the whole connection; the session has ended already. */
  readonly onQuit: () => void;
}

const maxSessions = 8;
const endOfText = 0x03;
const endOfTransmission = 0x04;

/** The session channels of one connection: the view with URLs and live requests, and exec commands. */
export class Sessions {
  readonly #connection: Connection;
  readonly #options: SessionsOptions;
  readonly #views = new Set<SessionOutput>();
  #count = 0;
  #answering = 0;

  constructor(connection: Connection, options: SessionsOptions) {
    this.#connection = connection;
    this.#options = options;
    connection.on('session', (accept, reject) => {
      if (this.#count >= maxSessions) {
        reject();
        return;
      }
      this.#count += 1;
      this.#serve(accept());
    });
  }

  /** Sessions that are open. */
  get count(): number {
    return this.#count;
  }

  /** Whether a command that manages the gateway has been given and not been answered yet. */
  get isAnswering(): boolean {
    return this.#answering > 0;
  }

  /** A reason that would else be seen by nobody. */
  tellRefusal(refusal: Refusal): void {
    for (const view of this.#views) view.error(refusalLine(refusal));
  }

  /** The last word to those who watch. */
  tellEnd(reason: string): void {
    for (const view of this.#views) view.error(reason);
  }

  #serve(session: Session): void {
    const words: string[] = [];
    let terminal = false;
    let started = false;
    session.once('close', () => {
      this.#count -= 1;
      if (!started) releaseSession(this.#connection, session);
    });
    session.on('pty', (accept) => {
      terminal = true;
      (accept as (() => void) | undefined)?.();
    });
    session.on('env', (accept, reject, info) => {
      const word = optionWord(info.key, info.val);
      if (word !== undefined && words.length < optionNames.length) words.push(word);
      const answer = (word === undefined ? reject : accept) as (() => void) | undefined;
      answer?.();
    });
    session.on('shell', (accept) => {
      started = true;
      this.#shell(accept(), { words, terminal });
    });
    session.on('exec', (accept, _reject, info) => {
      started = true;
      this.#exec(accept(), { words, terminal, command: info.command });
    });
  }

  #shell(channel: ServerChannel, facts: { words: readonly string[]; terminal: boolean }): void {
    channel.on('error', (err: Error) => {
      this.#options.log.debug({ err }, 'session channel failed');
    });
    // Unread data would be kept, and ssh2 does not hold the peer to the window of a session.
    channel.resume();
    const output = new SessionOutput(channel, facts);
    if (!this.#apply(facts.words, output)) return;
    this.#view(channel, output, facts.terminal);
  }

  #exec(
    channel: ServerChannel,
    facts: { words: readonly string[]; terminal: boolean; command: string },
  ): void {
    channel.on('error', (err: Error) => {
      this.#options.log.debug({ err }, 'session channel failed');
    });
    const output = new SessionOutput(channel, facts);
    const split = splitWords(facts.command);
    const command = split.ok ? split.value : [];
    const { admin, caller, connection } = this.#options;
    if (admin?.firstWords.includes(command[0] ?? '') === true) {
      const input = new SessionInput(channel, facts);
      this.#answering += 1;
      const session = { admin, caller, connection, input, output, terminal: facts.terminal };
      void runAdminCommand(command, session).finally(() => {
        this.#answering -= 1;
      });
      return;
    }
    channel.resume();
    if (!split.ok) {
      output.error(split.problem);
      output.exit(2);
      return;
    }
    const areOptions = command.length > 0 && command.every((word) => word.includes('='));
    if (!this.#apply(areOptions ? [...facts.words, ...command] : facts.words, output)) return;
    if (areOptions || command.length === 0) this.#view(channel, output, facts.terminal);
    else {
      const { context, forwarding } = this.#options;
      // It tells the link that is being made.
      const pending = command[0] === 'status' ? context().urls.sharePending(forwarding.env) : undefined;
      afterwards(pending, () => {
        this.#run(command, output, { channel, terminal: facts.terminal });
      });
    }
  }

  /** False when the options were wrong and the session has ended for it. */
  #apply(words: readonly string[], output: SessionOutput): boolean {
    if (words.length === 0) return true;
    const parsed = parseOptionWords(words);
    if (parsed.ok) {
      const problem = this.#options.forwarding.applyOptions(parsed.value);
      if (problem === undefined) return true;
      output.error(problem);
      output.exit(3);
      return false;
    }
    output.error(parsed.problem);
    output.exit(2);
    return false;
  }

  #run(
    words: readonly string[],
    output: SessionOutput,
    session: { channel: ServerChannel; terminal: boolean },
  ): void {
    const { admin, caller, context } = this.#options;
    const asker = caller();
    const otherHelp = (about: readonly string[]): readonly string[] =>
      admin !== undefined && asker.ok ? admin.help(about, asker.value.identity.role) : [];
    const result = runCommand({ ...context(), otherCommands: admin?.firstWords ?? [], otherHelp }, words);
    if (result.kind === 'requests') {
      this.#follow(output, { ...session, json: result.json });
      return;
    }
    if (result.kind === 'json') output.json(result.value);
    else if (result.kind === 'text') output.lines(result.lines);
    else output.error(result.message);
    output.exit(result.kind === 'error' ? result.status : 0);
  }

  /** Requests tell about visitors: only those who may offer the environment see them. */
  #follow(
    output: SessionOutput,
    { channel, terminal, json }: { channel: ServerChannel; terminal: boolean; json: boolean },
  ): void {
    const { forwarding, feed } = this.#options;
    const mayWatch = (): boolean => {
      const problem = forwarding.envProblem();
      if (problem === undefined) return true;
      output.error(problem);
      output.exit(1);
      return false;
    };
    if (!mayWatch()) return;
    const unsubscribe = feed.subscribe(forwarding.env, (summary) => {
      // The name may have been nobody's when it began.
      if (!mayWatch()) unsubscribe();
      else if (json)
        output.line(requestJson(summary, new Date()), (lines) => JSON.stringify({ leftOut: lines }));
      else output.line(requestLine(summary, new Date()));
    });
    this.#views.add(output);
    channel.on('close', () => {
      this.#views.delete(output);
      unsubscribe();
    });
    channel.on('data', (data: Buffer) => {
      if (terminal && asksToEnd(data)) output.exit(0);
    });
  }

  #view(channel: ServerChannel, output: SessionOutput, terminal: boolean): void {
    const { forwarding, context, feed } = this.#options;
    const { env, forwards, refusals } = forwarding;
    const { urls } = context();
    output.lines(viewLines({ env, forwards, refusals, urls }));
    afterwards(urls.sharePending(env), () => {
      output.lines(nextLines({ env, forwards: forwarding.forwards, refusals, urls }));
    });
    if (forwarding.forwards.length === 0) {
      output.exit(forwarding.refusals.length > 0 ? 1 : 0);
      return;
    }
    this.#views.add(output);
    const unsubscribe = feed.subscribe(forwarding.env, (summary) => {
      output.line(requestLine(summary, new Date()));
    });
    channel.on('close', () => {
      this.#views.delete(output);
      unsubscribe();
    });
    channel.on('data', (data: Buffer) => {
      if (terminal && asksToEnd(data)) this.#quit(output);
    });
  }

  #quit(output: SessionOutput): void {
    output.exit(0);
    this.#options.onQuit();
  }
}

/** At once, if there is nothing to wait for. */
function afterwards(pending: Promise<void> | undefined, work: () => void): void {
  if (pending === undefined) work();
  else void pending.then(work);
}

/** Ctrl-C or Ctrl-D. */
function asksToEnd(data: Buffer): boolean {
  return data.includes(endOfText) || data.includes(endOfTransmission);
}

/** `SetEnv access=public` or `SetEnv PORTHOLE_ACCESS=public`. A variable such as `HOST` is the shell's, not ours. */
function optionWord(name: string, value: string): string | undefined {
  const option = name.startsWith('PORTHOLE_') ? name.slice('PORTHOLE_'.length).toLowerCase() : name;
  return optionNames.includes(option) ? `${option}=${value}` : undefined;
}
