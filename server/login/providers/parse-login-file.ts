import type { Parsed } from '../../../core/parsed.ts';
import { quote } from '../../../core/quote.ts';
import { didYouMean } from '../../../core/suggest.ts';
import type { ReadEntry } from './entry-problem.ts';
import type { PeopleRule } from './people-rule.ts';
import type { ProviderSettings } from './provider-settings.ts';
import { readPeopleRule } from './read-people-rule.ts';
import { readProvider } from './read-provider.ts';
import { entriesOf, lineOf, parseToml, type Table } from './toml-table.ts';

const maxProviders = 32;
const maxRules = 1000;
const kinds = ['provider', 'people'];

/** What a login file says: the providers in its order, and the rules. */
export interface LoginConfiguration {
  readonly providers: readonly ProviderSettings[];
  readonly rules: readonly PeopleRule[];
}

export type ParsedLoginFile =
  | { readonly ok: true; readonly value: LoginConfiguration }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads the text of `--login-file FILE`: whole, or everything that is wrong with it. Problems begin with the number of their line, as far as it can be
 * told. `readSecret` gives the text of a file that is named in it.
 */
export function parseLoginFile(text: string, readSecret: (path: string) => Parsed<string>): ParsedLoginFile {
  const toml = parseToml(text);
  if (!toml.ok) return { ok: false, problems: [toml.problem] };
  const reading = new Reading(toml.value, text.split('\n'));
  const providers = reading.all('provider', maxProviders, (entry) => readProvider(entry, readSecret));
  const rules = reading.all('people', maxRules, readPeopleRule);
  if (providers.total === 0) reading.problems.push('there is no [[provider]] in it');
  reading.checkNames(providers.read, rules.read);
  const { problems } = reading;
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: { providers: valuesOf(providers.read), rules: valuesOf(rules.read) } };
}

interface Entry<T> {
  readonly index: number;
  readonly value: T;
}

interface Entries<T> {
  /** How many there are, with those that could not be read. */
  readonly total: number;
  readonly read: readonly Entry<T>[];
}

class Reading {
  readonly problems: string[];
  readonly #table: Table;
  readonly #lines: readonly string[];

  constructor(table: Table, lines: readonly string[]) {
    this.#table = table;
    this.#lines = lines;
    this.problems = Object.keys(table)
      .filter((key) => !kinds.includes(key))
      .map(
        (key) =>
          `unknown key ${quote(key)}${didYouMean(key, kinds)}: entries begin with [[provider]] or [[people]]`,
      );
  }

  all<T>(kind: string, max: number, read: (entry: Table) => ReadEntry<T>): Entries<T> {
    const entries = entriesOf(this.#table, kind);
    if (entries === undefined) {
      this.problems.push(`${kind} is written as tables: each begins with [[${kind}]]`);
      return { total: 1, read: [] };
    }
    if (entries.length > max) this.problems.push(`there are more than ${String(max)} [[${kind}]] in it`);
    const values = entries.slice(0, max).flatMap((entry, index) => {
      const result = read(entry);
      if ('value' in result) return [{ index, value: result.value }];
      for (const { key, text } of result.problems) this.wrong(kind, { index, key, text });
      return [];
    });
    return { total: entries.length, read: values };
  }

  /** Each provider has a name of its own, and rules speak of those that there are. */
  checkNames(providers: readonly Entry<ProviderSettings>[], rules: readonly Entry<PeopleRule>[]): void {
    const names = new Set<string>();
    for (const { index, value } of providers) {
      if (names.has(value.name))
        this.wrong('provider', { index, key: 'name', text: 'another provider has this name' });
      names.add(value.name);
    }
    const all = this.#givenNames();
    for (const { index, value } of rules) {
      if (value.provider === undefined || all.includes(value.provider)) continue;
      const text = `there is no provider ${quote(value.provider)}${didYouMean(value.provider, all)}`;
      this.wrong('people', { index, key: 'provider', text });
    }
  }

  wrong(
    kind: string,
    { index, key, text }: { readonly index: number; readonly key: string | undefined; readonly text: string },
  ): void {
    const line = lineOf(this.#lines, { kind, index, key });
    const place = [`${kind} ${this.#nameOf(kind, index)}`, ...(key === undefined ? [] : [key])].join(': ');
    this.problems.push(`${line === undefined ? '' : `line ${String(line)}: `}${place}: ${text}`);
  }

  #nameOf(kind: string, index: number): string {
    const name = kind === 'provider' ? entriesOf(this.#table, kind)?.[index]?.['name'] : undefined;
    return typeof name === 'string' ? quote(name) : String(index + 1);
  }

  /** Of those that could not be read as well: a rule that names one is not wrong for that. */
  #givenNames(): readonly string[] {
    return (entriesOf(this.#table, 'provider') ?? []).flatMap(({ name }) =>
      typeof name === 'string' ? [name] : [],
    );
  }
}

function valuesOf<T>(entries: readonly Entry<T>[]): readonly T[] {
  return entries.map(({ value }) => value);
}
