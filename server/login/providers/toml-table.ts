import { parse, TomlError } from 'smol-toml';
import type { Parsed } from '../../../core/parsed.ts';

export type Table = Readonly<Record<string, unknown>>;

/** What a TOML text says, or where it is wrong. */
export function parseToml(text: string): Parsed<Table> {
  try {
    return { ok: true, value: parse(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = ''] = error.message.split('\n', 1);
    return { ok: false, problem: `line ${String(error.line)}, column ${String(error.column)}: ${what}` };
  }
}

/** Entries of one kind, `[[provider]]`; undefined for what is no list of tables. */
export function entriesOf(table: Table, kind: string): readonly Table[] | undefined {
  const entries: unknown = table[kind] ?? [];
  return Array.isArray(entries) && entries.every(isTable) ? entries : undefined;
}

/** The line, from 1, of a key of the entry with this index, or of its head: the parser tells none, so they are looked for. */
export function lineOf(
  lines: readonly string[],
  { kind, index, key }: { readonly kind: string; readonly index: number; readonly key: string | undefined },
): number | undefined {
  const heads = [...lines.keys()].filter((at) => isHead(lines[at] ?? '', kind));
  const head = heads[index];
  if (head === undefined) return undefined;
  const rest = lines.slice(head + 1);
  const next = rest.findIndex((line) => /^\s*\[/.test(line));
  const own = next < 0 ? rest : rest.slice(0, next);
  const at = key === undefined ? -1 : own.findIndex((line) => keyOf(line) === key);
  return at < 0 ? head + 1 : head + at + 2;
}

function isHead(line: string, kind: string): boolean {
  return /^\s*\[\[\s*["']?([\w-]+)["']?\s*\]\]/.exec(line)?.[1] === kind;
}

/** `key = ...` */
function keyOf(line: string): string | undefined {
  return /^\s*["']?([\w-]+)["']?\s*[=.]/.exec(line)?.[1];
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
