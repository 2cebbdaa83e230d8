import { commandSchemas, type CommandValues } from './command-values.ts';
import { commands, type CommandName, type CommandOption, type CommandSpec } from './commands.ts';
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

/** A command with its values. */
export type CommandCall = {
  readonly [Name in CommandName]: { readonly name: Name; readonly values: CommandValues[Name] };
}[CommandName];

/** What was given for each argument and option, by its name: as text, before its schema has read it. */
type RawValues = Record<string, string | string[] | true>;

/** Reads a command line that is split into words already. */
export function parseCommand(words: readonly string[]): CommandLine {
  const { spec, rest } = findCommand(words);
  if (spec === undefined) return noCommand(words);
  if (asksForHelp(rest)) return { kind: 'help', about: spec.name.split(' ') };
  const raw = readWords(spec, rest);
  if (!raw.ok) return { kind: 'problem', problem: raw.problem, spec };
  const { json, ...given } = raw.value;
  const values = readValues(spec, given);
  if (!values.ok) return { kind: 'problem', problem: values.problem, spec };
  // The schema of that very name made them.
  const call = { name: spec.name, values: values.value } as CommandCall;
  return { kind: 'command', spec, call, json: json === true };
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

function noCommand(words: readonly string[]): CommandLine {
  const [first = '', second] = words;
  const under = commands
    .filter(({ name }) => name.startsWith(`${first} `))
    .map(({ name }) => name.slice(first.length + 1));
  if (under.length === 0) {
    const known = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))];
    return { kind: 'problem', problem: `unknown command ${quote(first)}${didYouMean(first, known)}` };
  }
  if (second === '--help' || second === '-h' || second === 'help') return { kind: 'help', about: [first] };
  if (second === undefined) return { kind: 'problem', problem: `${first} needs one of ${under.join(', ')}` };
  return {
    kind: 'problem',
    problem: `unknown command ${quote(`${first} ${second}`)}${didYouMean(second, under)}: ${first} has ${under.join(', ')}`,
  };
}

function readWords(spec: CommandSpec, words: readonly string[]): Parsed<RawValues> {
  const raw: RawValues = {};
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
function put(raw: RawValues, { name, value, many }: GivenOption): string | undefined {
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
  raw: RawValues,
): string | undefined {
  const placed = spec.arguments.filter(({ kind }) => kind !== 'secret');
  for (const [at, argument] of placed.entries()) {
    const word = positional[at];
    if (word !== undefined) raw[argument.name] = word;
    else if (argument.optional !== true && argument.kind !== 'public-key')
      return `${argument.name.toUpperCase()} is missing`;
  }
  const surplus = positional[placed.length];
  if (surplus === undefined) return undefined;
  const secret = spec.arguments.find(({ kind }) => kind === 'secret');
  // Not repeated: it may be the secret.
  if (secret !== undefined)
    return `the ${secret.name} is no word of the command, where others can read it: give it on standard input`;
  return `${quote(surplus)} is one word too many`;
}

function readValues(spec: CommandSpec, raw: RawValues): Parsed<unknown> {
  const read = commandSchemas[spec.name as CommandName].safeParse(raw);
  if (read.success) return { ok: true, value: read.data };
  const [issue] = read.error.issues;
  const name = String(issue?.path[0] ?? '');
  const isOption = spec.options.some((option) => option.name === name);
  return problem(`${isOption ? `--${name}` : name.toUpperCase()} ${issue?.message ?? 'is not valid'}`);
}
