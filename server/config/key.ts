import { z } from 'zod';
import type { Kind } from './kinds.ts';

/** What the defaults depend on. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** The user's home directory. */
  readonly home: string;
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
}

/** The text of a value as a flag, a variable or the file gives it; several for a key that is a list. */
export type Text = string | readonly string[];

/** One key of the configuration: everything that flags, variables, the file, the help and the docs need to know of it. */
export interface Key<T> {
  /** As in the file; `--name` as a flag, `PORTHOLE_NAME` as a variable. */
  readonly name: string;
  /** What it does, in one sentence that starts in lower case. */
  readonly about: string;
  readonly placeholder: string;
  readonly isList: boolean;
  /** The default in words. */
  readonly defaultText: string;
  /** The default as text; undefined for a key that may stay unset. */
  readonly defaultValue: (surroundings: Surroundings) => Text | undefined;
  readonly schema: z.ZodType<T, Text>;
  /** The value as texts that the schema reads back to the same value. */
  print(value: NonNullable<T>): Text;
}

interface Words<D> {
  readonly about: string;
  readonly default: D;
  /** Needed only where the default depends on the surroundings. */
  readonly defaultText?: string;
}

/** A key that always has one value. */
export function required<T>(
  name: string,
  kind: Kind<T>,
  words: Words<string | ((surroundings: Surroundings) => string)>,
): Key<T> {
  const { about, default: value } = words;
  const defaultText = words.defaultText ?? (typeof value === 'string' ? value : '');
  const defaultValue = typeof value === 'string' ? (): string => value : value;
  return { ...single(name, kind), about, defaultText, defaultValue, schema: one(kind.schema) };
}

/** A key that may stay unset: its value is then undefined. */
export function optional<T>(name: string, kind: Kind<T>, { about }: { about: string }): Key<T | undefined> {
  const schema: z.ZodType<T | undefined, Text> = one(kind.schema);
  return { ...single(name, kind), about, defaultText: '', defaultValue: () => undefined, schema };
}

/** A key with any number of values: a repeated flag, an array in the file, commas in a variable. */
export function list<T>(name: string, kind: Kind<T>, words: Words<readonly string[]>): Key<readonly T[]> {
  const schema: z.ZodType<readonly T[], Text> = z.preprocess(
    (text: Text) => (typeof text === 'string' ? splitList(text) : text.flatMap(splitList)),
    z.array(kind.schema),
  );
  return {
    ...single(name, kind),
    about: words.about,
    isList: true,
    defaultText: words.default.join(','),
    defaultValue: () => words.default,
    schema,
    print: (values) => values.map((value) => kind.print(value)),
  };
}

function single<T>(name: string, kind: Kind<T>) {
  return {
    name,
    placeholder: kind.placeholder,
    isList: false,
    print: (value: NonNullable<T>): Text => kind.print(value),
  };
}

function one<T>(schema: z.ZodType<T, string>): z.ZodType<T, Text> {
  return z.string('takes one value, not a list').pipe(schema);
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
