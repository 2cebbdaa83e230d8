import { commands, type CommandArgument, type CommandOption, type CommandSpec } from './commands.ts';

/** Where a command is typed: at the gateway, files come on standard input. */
export type CommandPlace = 'gateway' | 'client';

/** `key rename KEY NAME`: all of a command on one line. */
export function usageOf(spec: CommandSpec, place: CommandPlace): string {
  return [
    spec.name,
    ...argumentWords(spec, place),
    ...spec.options.map(optionWord),
    '[--json]',
    ...input(spec, place),
  ].join(' ');
}

/** The same without the options. */
export function shortUsageOf(spec: CommandSpec, place: CommandPlace): string {
  const options = spec.options.length > 0 ? ['[options]'] : [];
  return [spec.name, ...argumentWords(spec, place), ...options, ...input(spec, place)].join(' ');
}

/** Everything about one command, for a terminal. */
export function commandHelp(spec: CommandSpec, place: CommandPlace): string[] {
  const rows = [
    ...spec.arguments
      .filter((argument) => isWord(argument, place))
      .map(({ name, about }) => [name.toUpperCase(), about] as const),
    ...spec.options.map((option) => [longForm(option), aboutOption(option)] as const),
    ['--json', 'the answer as one line of JSON'] as const,
  ];
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    usageOf(spec, place),
    '',
    `  ${spec.summary}`,
    '',
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
  ];
}

/** Commands with what they do, one a line. */
export function commandList(specs: readonly CommandSpec[], place: CommandPlace): string[] {
  const rows = specs.map((spec) => [shortUsageOf(spec, place), spec.summary] as const);
  const width = Math.max(0, ...rows.map(([usage]) => usage.length));
  return rows.map(([usage, summary]) => `  ${usage.padEnd(width)}  ${summary}`);
}

/** The commands whose names begin with these words: all `key` commands, or the one of that name; all, without words. */
export function commandsUnder(words: readonly string[]): readonly CommandSpec[] {
  const wanted = words.join(' ');
  return commands.filter(({ name }) => wanted === '' || name === wanted || name.startsWith(`${wanted} `));
}

function argumentWords(spec: CommandSpec, place: CommandPlace): string[] {
  return spec.arguments
    .filter((argument) => isWord(argument, place))
    .map(({ name, kind, optional, many }) => {
      const word = kind === 'text' ? name.toUpperCase() : `${name.toUpperCase()}|-`;
      return `${optional === true ? `[${word}]` : word}${many === true ? '...' : ''}`;
    });
}

function input(spec: CommandSpec, place: CommandPlace): string[] {
  const read = spec.arguments.find(({ kind }) => kind !== 'text');
  return read === undefined || isWord(read, place) ? [] : [`< ${read.name.toUpperCase()}`];
}

function isWord({ kind }: CommandArgument, place: CommandPlace): boolean {
  return kind === 'text' || (kind !== 'secret' && place === 'client');
}

function optionWord(option: CommandOption): string {
  return `[${longForm(option)}]${option.many === true ? '...' : ''}`;
}

function longForm({ name, placeholder }: CommandOption): string {
  return placeholder === undefined ? `--${name}` : `--${name} ${placeholder}`;
}

function aboutOption({ about, many }: CommandOption): string {
  return many === true ? `${about}; may be repeated` : about;
}
