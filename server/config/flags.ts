import { quote } from '../../core/quote.ts';
import { entries, type Field } from './keys.ts';
import type { Key } from './key.ts';
import type { Given, Layer } from './layer.ts';
import { didYouMean } from '../../core/suggest.ts';

/** What the command line asks the program to do. */
export type Action = 'serve' | 'print-config' | 'help' | 'version';

/** The command line, read. Of a flag that is given twice the last wins, except for lists, which gather. */
export interface CommandLine extends Layer {
  readonly action: Action;
  readonly configFile: string | undefined;
  /** Take over from the process that runs on the same state directory. A matter of one start: no key of the file, and no variable. */
  readonly replace: boolean;
}

const actions: ReadonlyMap<string, Action> = new Map([
  ['--help', 'help'],
  ['-h', 'help'],
  ['--version', 'version'],
  ['-V', 'version'],
  ['--print-config', 'print-config'],
]);

const keysByFlag = new Map(entries.map(([field, key]) => [`--${key.name}`, { field, key }]));
const known = [...keysByFlag.keys(), '--config', '--replace', ...actions.keys()];

interface Reading {
  readonly rest: string[];
  readonly given: Map<Field, Given>;
  readonly actions: Set<Action>;
  readonly problems: string[];
  configFile: string | undefined;
  replace: boolean;
}

export function readFlags(argv: readonly string[]): CommandLine {
  const reading: Reading = {
    rest: [...argv],
    given: new Map(),
    actions: new Set(),
    problems: [],
    configFile: undefined,
    replace: false,
  };
  for (let word = reading.rest.shift(); word !== undefined; word = reading.rest.shift())
    readWord(word, reading);
  const { given, problems, configFile, replace } = reading;
  const order: readonly Action[] = ['help', 'version', 'print-config'];
  const action = order.find((candidate) => reading.actions.has(candidate)) ?? 'serve';
  return { action, configFile, replace, given, problems };
}

function readWord(word: string, reading: Reading): void {
  if (!word.startsWith('-') || word === '-') {
    reading.problems.push(`unexpected argument ${quote(word)}: everything is a flag, see --help`);
    return;
  }
  const equals = word.indexOf('=');
  const flag = equals === -1 ? word : word.slice(0, equals);
  const inline = equals === -1 ? undefined : word.slice(equals + 1);
  const found = keysByFlag.get(flag);
  if (found !== undefined) readKey(flag, inline, found, reading);
  else if (flag === '--config') reading.configFile = valueOf(flag, inline, reading);
  else if (actions.has(flag) || flag === '--replace') readSwitch(flag, inline, reading);
  else readUnknown(flag, inline, reading);
}

function readKey(
  flag: string,
  inline: string | undefined,
  { field, key }: { field: Field; key: Key<unknown> },
  reading: Reading,
): void {
  const text = valueOf(flag, inline, reading);
  if (text === undefined) return;
  const earlier = reading.given.get(field)?.text ?? [];
  const gathered = typeof earlier === 'string' ? [earlier, text] : [...earlier, text];
  reading.given.set(field, { text: key.isList ? gathered : text, source: { kind: 'flag', name: flag } });
}

/** The value in the flag's own word, or the next word, unless that is a flag. */
function valueOf(flag: string, inline: string | undefined, reading: Reading): string | undefined {
  const value = inline ?? (reading.rest[0]?.startsWith('-') === true ? undefined : reading.rest.shift());
  if (value === undefined || value === '') {
    reading.problems.push(`${flag}: needs a value`);
    return undefined;
  }
  return value;
}

function readSwitch(flag: string, inline: string | undefined, reading: Reading): void {
  const action = actions.get(flag);
  if (inline !== undefined) reading.problems.push(`${flag}: takes no value`);
  else if (action !== undefined) reading.actions.add(action);
  else reading.replace = true;
}

/** The word after an unknown flag is most likely its value; it is not one more problem. */
function readUnknown(flag: string, inline: string | undefined, reading: Reading): void {
  if (inline === undefined && reading.rest[0]?.startsWith('-') === false) reading.rest.shift();
  reading.problems.push(`${quote(flag).slice(1, -1)}: unknown flag${didYouMean(flag, known, '--')}`);
}
