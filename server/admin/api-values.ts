import type { GivenValues } from '../../core/command-call.ts';
import type { CommandSpec } from '../../core/commands.ts';
import { problem, type Parsed } from '../../core/parsed.ts';
import { privateKeyForm } from '../../core/public-key.ts';
import { quote } from '../../core/quote.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { SentMembers } from './api-body.ts';
import { membersOf, type ApiMember } from './api-members.ts';

/** What was given for a command, of the types that it takes; its schemas are still to read it. */
export interface ApiValues {
  readonly given: GivenValues;
  /** What stands for standard input. */
  readonly input: string | undefined;
}

/** Names and types are checked here, such that a schema sees of JSON what it would see of a command line. */
export function apiValues(spec: CommandSpec, sent: SentMembers): Parsed<ApiValues> {
  const members = membersOf(spec);
  const secret = leakedKey(sent, members);
  // Before anything that might repeat some of it.
  if (secret !== undefined) return problem(`there is ${secret} in the command; nothing of it was kept`);
  const surplus = [...sent.keys()].find((name) => !members.some((member) => member.name === name));
  if (surplus !== undefined) return problem(nothingOf(spec, surplus, members));
  const given: GivenValues = {};
  let input: string | undefined;
  for (const member of members) {
    const value = readMember(member, sent.get(member.name));
    if (!value.ok) return problem(`${member.name} ${value.problem}`);
    if (value.value === undefined) {
      if (member.required && !member.input) return problem(`${member.name} is missing`);
    } else if (member.input) input = [value.value].flat().join('\n');
    else given[member.name] = value.value;
  }
  return { ok: true, value: { given, input } };
}

function nothingOf(spec: CommandSpec, name: string, members: readonly ApiMember[]): string {
  const names = members.map((member) => member.name);
  const known = names.length === 0 ? ': it takes nothing' : `: it takes ${names.join(', ')}`;
  return `${quote(name)} is nothing that ${spec.name} takes${didYouMean(name, names)}${known}`;
}

/** What a private key looks like, anywhere but where a key is asked for: there its parser finds it. */
function leakedKey(sent: SentMembers, members: readonly ApiMember[]): string | undefined {
  const isInput = (name: string): boolean => members.some((member) => member.input && member.name === name);
  const texts = [...sent].flatMap(([name, value]) => [name, ...(isInput(name) ? [] : [value].flat())]);
  return privateKeyForm(texts.filter((text) => typeof text === 'string').join('\n'));
}

/** `null`, and `false`, are the same as nothing. */
function readMember({ type }: ApiMember, value: unknown): Parsed<GivenValues[string] | undefined> {
  if (value === undefined || value === null) return { ok: true, value: undefined };
  switch (type) {
    case 'boolean':
      if (typeof value !== 'boolean') return problem('takes true or false');
      return { ok: true, value: value ? true : undefined };
    case 'strings':
      return readTexts(value);
    case 'integer':
      return typeof value === 'number' && Number.isSafeInteger(value)
        ? { ok: true, value: String(value) }
        : readText(value, 'takes a whole number');
    case 'string':
      return readText(value, 'takes a text');
  }
}

function readText(value: unknown, otherwise: string): Parsed<string> {
  if (typeof value !== 'string') return problem(otherwise);
  return value.isWellFormed() ? { ok: true, value } : problem('is no text: half of a character is in it');
}

/** An empty list is no "all", and no "none" either. */
function readTexts(value: unknown): Parsed<string[]> {
  const otherwise = 'takes a list of texts';
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (values.length === 0) return problem(`${otherwise} with at least one in it; else leave it out`);
  const texts = values.map((each) => readText(each, otherwise));
  const wrong = texts.find((text) => !text.ok);
  if (wrong !== undefined) return wrong;
  return { ok: true, value: texts.flatMap((text) => (text.ok ? [text.value] : [])) };
}
