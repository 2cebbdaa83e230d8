import { readCall, type CommandCall, type GivenValues } from './command-call.ts';
import { commands, type CommandOption, type CommandSpec } from './commands.ts';
import { problem, type Parsed } from './parsed.ts';
import { quote } from './quote.ts';
import { didYouMean } from './suggest.ts';

export { quoteWord, splitWords } from './command-words.ts';

/** What the words of a command line ask for. */
export type CommandLine =
  | {
      readonly kind: 'command';
      readonly spec: CommandSpec;
      readonly call: CommandCall;
      readonly json: boolean;
    }
  /** The words before `--help`, or after `help`. */
  | { readonly kind: 'help'; readonly about: readonly string[] }
  | {
      readonly kind: 'problem';
      readonly problem: string;
      /** The command that was meant, as far as that is clear. */
      readonly spec?: CommandSpec;
    };

/** Reads a command line that is split into words already. */
export function parseCommand(words: readonly string[]): CommandLine {
  const { spec, rest } = findCommand(words);
  if (spec === undefined) return noCommand(words);
  if (asksForHelp(rest)) return { kind: 'help', about: spec.name.split(' ') };
  const raw = readWords(spec, rest);
  if (!raw.ok) return { kind: 'problem', problem: raw.problem, spec };
  const { json, ...given } = raw.value;
  const call = readCall(spec, given);
  if (!call.ok) {
    const isOption = spec.options.some((option) => option.name === call.name);
    const name = isOption ? `--${call.name}` : call.name.toUpperCase();
    return { kind: 'problem', problem: `${name} ${call.problem}`, spec };
  }
  return { kind: 'command', spec, call: call.value, json: json === true };
}

function findCommand(words: readonly string[]): { spec: CommandSpec | undefined; rest: readonly string[] } {
  // The longest: `share list` is not a `share` of what is called list.
  const [spec] = commands
    .filter(({ name }) => name.split(' ').every((part, at) => words[at] === part))
    .sort((a, b) => b.name.length - a.name.length);
  return { spec, rest: words.slice(spec?.name.split(' ').length ?? 0) };
}

function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return (end === -1 ? words : words.slice(0, end)).some((word) => word === '--help' || word === '-h');
}

/** The words name no command; they may begin with what several begin with, such as `key` or `target profile`. */
function noCommand(words: readonly string[]): CommandLine {
  const group = groupOf(words);
  const next = words[group.length];
  if (group.length === 0) {
    const known = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))];
    const [first = ''] = words;
    return { kind: 'problem', problem: `unknown command ${quote(first)}${didYouMean(first, known)}` };
  }
  if (next === '--help' || next === '-h' || next === 'help') return { kind: 'help', about: group };
  const under = [...new Set(below(group).map(({ name }) => name.split(' ')[group.length] ?? ''))];
  const told = group.join(' ');
  if (next === undefined) return { kind: 'problem', problem: `${told} needs one of ${under.join(', ')}` };
  return {
    kind: 'problem',
    problem: `unknown command ${quote(`${told} ${next}`)}${didYouMean(next, under)}: ${told} has ${under.join(', ')}`,
  };
}

/** As many of the words as commands begin with that go on after them. */
function groupOf(words: readonly string[]): readonly string[] {
  let length = 0;
  while (length < words.length && below(words.slice(0, length + 1)).length > 0) length++;
  return words.slice(0, length);
}

function below(group: readonly string[]): readonly CommandSpec[] {
  return commands.filter(({ name }) => name.startsWith(`${group.join(' ')} `));
}

function readWords(spec: CommandSpec, words: readonly string[]): Parsed<GivenValues> {
  const raw: GivenValues = {};
  const positional: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') {
      positional.push(...words.slice(at + 1));
      break;
    }
    if (word === '-' || !word.startsWith('-')) {
      positional.push(word);
      continue;
    }
    const read = readOption(spec, word, words[at + 1]);
    if (!read.ok) return read;
    const wrong = put(raw, read.value);
    if (wrong !== undefined) return problem(wrong);
    if (read.value.tookNext) at++;
  }
  const wrong = placeArguments(spec, positional, raw);
  return wrong === undefined ? { ok: true, value: raw } : problem(wrong);
}

interface GivenOption {
  readonly name: string;
  readonly value: string | true;
  readonly many: boolean;
  readonly tookNext: boolean;
}

const jsonOption: CommandOption = { name: 'json', about: 'the answer as one line of JSON' };

function readOption(spec: CommandSpec, word: string, next: string | undefined): Parsed<GivenOption> {
  const [, name = '', value] = /^--([^=]*)(?:=([^]*))?$/.exec(word) ?? [];
  const known = [...spec.options, jsonOption];
  const option = known.find((each) => name !== '' && each.name === name);
  if (option === undefined) {
    const names = known.map((each) => `--${each.name}`);
    return problem(
      `unknown option ${quote(word.split('=', 1)[0] ?? '')}${didYouMean(`--${name}`, names, '--')}`,
    );
  }
  const many = option.many === true;
  if (option.placeholder === undefined) {
    if (value !== undefined) return problem(`--${name} takes no value`);
    return { ok: true, value: { name, value: true, many, tookNext: false } };
  }
  if (value !== undefined) return { ok: true, value: { name, value, many, tookNext: false } };
  if (next === undefined) return problem(`--${name} needs its ${option.placeholder}`);
  if (next.startsWith('--')) {
    return problem(
      `--${name} needs its ${option.placeholder}; one that begins with dashes is given as --${name}=...`,
    );
  }
  return { ok: true, value: { name, value: next, many, tookNext: true } };
}

/** The problem, if there is one. */
function put(raw: GivenValues, { name, value, many }: GivenOption): string | undefined {
  const before = raw[name];
  if (many) raw[name] = [...(Array.isArray(before) ? before : []), String(value)];
  else if (before !== undefined) return `--${name} is given twice`;
  else raw[name] = value;
  return undefined;
}

/** The problem, if there is one. */
function placeArguments(
  spec: CommandSpec,
  positional: readonly string[],
  raw: GivenValues,
): string | undefined {
  const placed = spec.arguments.filter(({ kind }) => kind !== 'secret');
  for (const [at, argument] of placed.entries()) {
    const word = positional[at];
    if (word !== undefined) raw[argument.name] = argument.many === true ? positional.slice(at) : word;
    else if (argument.optional !== true && argument.kind === 'text')
      return `${argument.name.toUpperCase()} is missing`;
  }
  const surplus = positional[placed.length];
  if (surplus === undefined || placed.at(-1)?.many === true) return undefined;
  const secret = spec.arguments.find(({ kind }) => kind === 'secret');
  // Not repeated: it may be the secret.
  if (secret !== undefined)
    return `the ${secret.name} is no word of the command, where others can read it: give it on standard input`;
  return `${quote(surplus)} is one word too many`;
}
