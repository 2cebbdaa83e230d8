import type { Key, Text } from './key.ts';
import { groups, type Config, type Field } from './keys.ts';
import type { Sources } from './load.ts';

/**
 * The configuration for `--print-config`: a TOML file that would give the same values, each with its source. No key's
 * value is a secret: keys and certificates are named by their files.
 */
export function printConfig(config: Config, sources: Sources): string {
  return [...groups]
    .map(([title, keys]) => {
      const lines = Object.entries(keys).map(([field, key]) =>
        printKey(field as Field, key, config, sources),
      );
      return [`# ${title}`, ...aligned(lines)].join('\n');
    })
    .join('\n\n')
    .concat('\n');
}

function printKey(field: Field, key: Key<unknown>, config: Config, sources: Sources): [string, string] {
  const value = config[field];
  if (value === undefined) return [`# ${key.name} is not set`, ''];
  const source = sources[field].name.replace(/[\0-\x1f\x7f]/g, ' ');
  const text = key.print(value);
  const isBare = JSON.stringify(value) === text; // Counts and switches need no quotes.
  return [`${key.name} = ${isBare ? text : tomlText(text)}`, `# ${source}`];
}

function aligned(lines: readonly [string, string][]): string[] {
  const width = Math.max(...lines.map(([text, comment]) => (comment === '' ? 0 : text.length)));
  return lines.map(([text, comment]) => (comment === '' ? text : `${text.padEnd(width)}  ${comment}`));
}

/** A basic string of TOML has JSON's escapes; DEL must be escaped in it too. */
function tomlText(text: Text): string {
  if (typeof text !== 'string') return `[${text.map(tomlText).join(', ')}]`;
  return JSON.stringify(text).replaceAll('\x7f', '\\u007f');
}
