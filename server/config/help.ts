import type { Key } from './key.ts';
import { groups } from './keys.ts';

const width = 100;
const column = 36;

/** The text of `portholed --help`: all flags with their defaults, and the commands beside them. */
export function helpText(commands: readonly (readonly [usage: string, about: string])[] = []): string {
  const sections = [...groups].map(([title, keys]) => section(title, Object.values(keys).map(keyEntry)));
  return [
    'Usage: portholed [flag]...',
    ...(commands.length > 0 ? ['       portholed COMMAND [--help]'] : []),
    'The gateway of Porthole: a URL for every preview environment that dials in with SSH.',
    '',
    ...sections,
    section('The program itself', programFlags),
    ...(commands.length > 0 ? [section(commandsTitle, commands)] : []),
    'Every flag is also a variable (--hold 5s is PORTHOLE_HOLD=5s) and a key of the TOML file (hold = "5s").',
    'Flags win over variables, variables over the file, the file over the defaults. A list is a repeated flag,',
    'an array in the file, or divided by commas. Durations: 250ms, 10s, 5m, 2h, 30d. Sizes: 512, 32KiB, 1MB.',
    'Exit codes: 0 ok, 1 failed, 2 usage, 3 not authorised.',
    '',
  ].join('\n');
}

const programFlags: readonly [string, string][] = [
  ['--config FILE', 'a TOML file with any of these keys (PORTHOLE_CONFIG)'],
  [
    '--replace',
    'take over from the portholed that runs on the same state directory: it stops when this one serves, and no request is lost',
  ],
  ['--print-config', 'print the settled values and where each comes from, and exit'],
  ['--help, -h', 'print this, and exit'],
  ['--version, -V', 'print the version, and exit'],
];

const commandsTitle =
  "Commands, which work on the state directory of the gateway's machine, while it runs too";

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  return [`${title}:`, ...rows.map(row), ''].join('\n');
}

function keyEntry(key: Key<unknown>): [string, string] {
  const flag = `--${key.name} ${key.placeholder}`;
  const notes = [key.isList ? 'repeatable' : '', key.defaultText !== '' ? `default ${key.defaultText}` : ''];
  const note = notes.filter((text) => text !== '').join(', ');
  return [flag, note === '' ? key.about : `${key.about} (${note})`];
}

function row([flag, about]: readonly [string, string]): string {
  const lines = wrap(about, width - column);
  const first = `  ${flag}`;
  if (first.length + 2 > column) lines.unshift('');
  return lines
    .map((line, index) => `${index === 0 ? first.padEnd(column) : ' '.repeat(column)}${line}`.trimEnd())
    .join('\n');
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
