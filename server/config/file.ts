import { parse, TomlError } from 'smol-toml';
import { quote } from '../../core/quote.ts';
import type { Text } from './key.ts';
import { entries, type Field } from './keys.ts';
import type { Given, Layer } from './layer.ts';
import { didYouMean } from '../../core/suggest.ts';

export type ReadFile = (path: string) => string;

const fieldsByName = new Map(entries.map(([field, key]) => [key.name, field]));

/** The configuration file: TOML, its keys at the top level, named as in the table. */
export function readConfigFile(path: string, readFile: ReadFile): Layer {
  const table = parseTable(path, readFile);
  if (typeof table === 'string') return { given: new Map(), problems: [table] };
  const given = new Map<Field, Given>();
  const problems: string[] = [];
  for (const [name, value] of Object.entries(table)) {
    const field = fieldsByName.get(name);
    const text = textOf(value);
    const at = `${path}:${quote(name).slice(1, -1)}`;
    if (field === undefined) problems.push(`${at}: unknown key${didYouMean(name, [...fieldsByName.keys()])}`);
    else if (text === undefined) problems.push(`${at}: takes text, a number, or an array of texts`);
    else given.set(field, { text, source: { kind: 'file', name: at } });
  }
  return { given, problems };
}

function parseTable(path: string, readFile: ReadFile): Readonly<Record<string, unknown>> | string {
  let text;
  try {
    text = readFile(path);
  } catch (error) {
    return `${path}: cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The message goes on with a picture of the line, which may hold what should not be repeated.
    return `${path}:${error.line}:${error.column}: ${error.message.split('\n', 1).join('')}`;
  }
}

/** A value of TOML as the text that a flag would have; undefined for tables and dates. */
function textOf(value: unknown): Text | undefined {
  if (!Array.isArray(value)) return scalarText(value);
  const texts = value.map(scalarText);
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
