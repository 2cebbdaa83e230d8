import { parseCommand, type CommandLine } from '../../core/command-line.ts';
import { commandHelp, commandList, commandsUnder, usageOf } from '../../core/command-usage.ts';
import { commandNames } from '../../core/commands.ts';
import { privateKeyForm } from '../../core/public-key.ts';
import type { Role } from '../identity/identity.ts';
import { failed, notAllowed, wrongUsage, type Answer } from './answer.ts';
import { Giving, mayGive, type AdminSession, type GivenCommand, type GivingOptions } from './giving.ts';
import { replyOf, type Reply } from './reply.ts';

const firstWords: readonly string[] = [...new Set(commandNames.map((name) => name.split(' ', 1)[0] ?? ''))];

/** The commands that manage the gateway, for whoever asks: reads the words of a command line, and has it given. */
export class Admin {
  readonly #giving: Giving;

  constructor(options: GivingOptions) {
    this.#giving = new Giving(options);
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

  /** Gives a command that has been read already. Never rejects. */
  give(command: GivenCommand, session: AdminSession): Promise<Answer> {
    return this.#giving.give(command, session);
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
    return replyOf(await this.#giving.give(line, session), line);
  }

  #helpReply(about: readonly string[], session: AdminSession): Reply {
    const caller = session.caller();
    if (!caller.ok) return replyOf(notAllowed(caller.problem));
    return { stdout: this.help(about, caller.value.identity.role), stderr: [], status: 0 };
  }
}

function usageProblem({ problem, spec }: CommandLine & { kind: 'problem' }): string {
  return spec === undefined
    ? `${problem}\ntry: ssh ... help`
    : `${problem}\nusage: ${usageOf(spec, 'gateway')}`;
}
