import { problem, type Parsed } from '../../core/parsed.ts';
import { quote } from '../../core/quote.ts';
import type { ApiMember } from './api-members.ts';

/** What was sent for a command, by name; nothing of it has been checked. */
export type SentMembers = ReadonlyMap<string, unknown>;

const jsonType = /^application\/json\s*(?:;\s*charset=("?)utf-8\1\s*)?$/i;
/** What of JSON counts to find the names in it: strings, and what stands around them. */
const token = /"[^"\\]*(?:\\[^][^"\\]*)*"|[{}[\]:]/g;

/** Reads the body of a POST: one JSON object in UTF-8, each member once. */
export function readBody(body: Buffer, contentType: string | undefined): Parsed<SentMembers> {
  // No other type is sent across origins by a form, or without a preflight.
  if (!jsonType.test(contentType ?? ''))
    return problem('the body is to be JSON: Content-Type: application/json');
  const text = decode(body);
  if (text === undefined) return problem('the body is not UTF-8');
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return problem('the body is to be a JSON object, such as {"env": "pr-42"}; without anything to say, {}');
  const names = memberNames(text);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return problem(`${quote(twice)} is given twice`);
  return { ok: true, value: new Map(Object.entries(value)) };
}

/** Reads the query of a GET. A name may be there several times where it takes several values. */
export function readQuery(query: string, members: readonly ApiMember[]): Parsed<SentMembers> {
  const sent = new Map<string, unknown>();
  for (const [name, value] of new URLSearchParams(query)) {
    // Where it was no UTF-8.
    if (`${name}${value}`.includes('\ufffd')) return problem('the query is not UTF-8');
    const before = sent.get(name);
    const type = members.find((member) => member.name === name)?.type;
    if (type === 'strings') sent.set(name, [...(Array.isArray(before) ? (before as unknown[]) : []), value]);
    else if (before !== undefined) return problem(`${quote(name)} is given twice`);
    else sent.set(name, type === 'boolean' ? (truths.get(value) ?? value) : value);
  }
  return { ok: true, value: sent };
}

const truths: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

function decode(body: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of an object that was parsed already: what is in it twice, a parser does not tell. */
function memberNames(json: string): string[] {
  const names: string[] = [];
  let depth = 0;
  let before = '';
  for (const [part] of json.matchAll(token)) {
    if (part === ':' && depth === 1) names.push(JSON.parse(before) as string);
    else if (part === '{' || part === '[') depth += 1;
    else if (part === '}' || part === ']') depth -= 1;
    before = part;
  }
  return names;
}
