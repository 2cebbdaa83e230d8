import { parse, TomlError } from 'smol-toml';
import { quote } from '../../core/quote.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { Policy } from './policy.ts';
import { readPolicy } from './read-policy.ts';

const maxPolicies = 1000;

/** The policies of a file, in its order, or everything that is wrong with it: a file is taken whole or not at all. */
export type ParsedPolicies =
  | { readonly ok: true; readonly policies: readonly Policy[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads the text of `--oidc-policy FILE`. Problems begin with the number of their line, as far as it can be told. */
export function parsePolicies(text: string, defaultAudience: string): ParsedPolicies {
  const table = parseToml(text);
  if (typeof table === 'string') return { ok: false, problems: [table] };
  const problems = Object.keys(table)
    .filter((key) => key !== 'policy')
    .map((key) => `unknown key ${quote(key)}${didYouMean(key, ['policy'])}: policies begin with [[policy]]`);
  const entries: unknown = table['policy'] ?? [];
  if (!Array.isArray(entries) || !entries.every(isTable))
    return { ok: false, problems: [...problems, 'policies are tables: each begins with [[policy]]'] };
  if (entries.length === 0) problems.push('there is no [[policy]] in it');
  if (entries.length > maxPolicies)
    problems.push(`there are more than ${String(maxPolicies)} policies in it`);
  const policies = readAll(entries.slice(0, maxPolicies), {
    lines: text.split('\n'),
    defaultAudience,
    problems,
  });
  return problems.length === 0 ? { ok: true, policies } : { ok: false, problems };
}

interface Reading {
  readonly lines: readonly string[];
  readonly defaultAudience: string;
  /** Grows. */
  readonly problems: string[];
}

function readAll(entries: readonly Table[], { lines, defaultAudience, problems }: Reading): Policy[] {
  const policies: Policy[] = [];
  entries.forEach((entry, index) => {
    const place = (key: string | undefined): string => placeOf(lines, { entry, index, key });
    const read = readPolicy(entry, defaultAudience);
    if ('problems' in read) problems.push(...read.problems.map(({ key, text }) => `${place(key)}: ${text}`));
    else if (policies.some(({ name }) => name === read.policy.name))
      problems.push(`${place('name')}: another policy has this name`);
    else policies.push(read.policy);
  });
  return policies;
}

type Table = Readonly<Record<string, unknown>>;

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function parseToml(text: string): Table | string {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return `line ${String(error.line)}, column ${String(error.column)}: ${error.message.split('\n', 1).join('')}`;
  }
}

/** `line 7: policy "shop": claims`: the parser tells no lines, so they are looked for. */
function placeOf(
  lines: readonly string[],
  { entry, index, key }: { entry: Table; index: number; key: string | undefined },
): string {
  const heads = [...lines.keys()].filter((at) => /^\s*\[\[\s*policy\s*\]\]/.test(lines[at] ?? ''));
  const head = heads[index];
  const end = heads[index + 1] ?? lines.length;
  const own = [...lines.keys()].find(
    (at) =>
      head !== undefined && key !== undefined && at > head && at < end && startsWithKey(lines[at] ?? '', key),
  );
  const at = own ?? head;
  const line = at === undefined ? '' : `line ${String(at + 1)}: `;
  const name = typeof entry['name'] === 'string' ? quote(entry['name']) : String(index + 1);
  return `${line}policy ${name}${key === undefined ? '' : `: ${key}`}`;
}

/** `key = ...`, `key.inner = ...`, `[policy.key]` */
function startsWithKey(line: string, key: string): boolean {
  const word = /^\s*(?:\[\s*policy\s*\.\s*)?["']?([\w-]+)/.exec(line)?.[1];
  return word === key;
}
