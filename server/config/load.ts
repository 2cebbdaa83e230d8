import { homedir } from 'node:os';
import { crossCheck } from './cross-checks.ts';
import { readEnvironment } from './environment.ts';
import { readConfigFile, type ReadFile } from './file.ts';
import { readFlags } from './flags.ts';
import type { Text } from './key.ts';
import { entries, keys, type Config, type Field } from './keys.ts';
import type { Given, Layer, Source } from './layer.ts';

export type Sources = Readonly<Record<Field, Source>>;

export type Loaded =
  | { readonly ok: true; readonly config: Config; readonly sources: Sources }
  /** Everything that is wrong, each with its source in front. */
  | { readonly ok: false; readonly problems: readonly string[] };

export interface LoadInput {
  /** The words after the program's name. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Reads a text file, or throws. */
  readonly readFile: ReadFile;
  /** Whether standard output is a terminal. */
  readonly isTerminal?: boolean;
}

/**
 * Settles the configuration: defaults < file < environment < flags. Pure but for `readFile`. A value that a stronger source
 * overrides must be valid all the same.
 */
export function load({ argv, env, readFile, isTerminal = false }: LoadInput): Loaded {
  const flags = readFlags(argv);
  const environment = readEnvironment(env);
  const configFile = flags.configFile ?? environment.configFile;
  const file = configFile === undefined ? noLayer : readConfigFile(configFile, readFile);
  const home = env['HOME'] === undefined || env['HOME'] === '' ? homedir() : env['HOME'];
  const surroundings = { env, home, isTerminal };
  const defaults = new Map(
    entries.flatMap(([field, key]): [Field, Given][] => {
      const text = key.defaultValue(surroundings);
      return text === undefined ? [] : [[field, { text, source: byDefault }]];
    }),
  );
  return settle([{ given: defaults, problems: [] }, file, environment, flags]);
}

const noLayer: Layer = { given: new Map(), problems: [] };
const byDefault: Source = { kind: 'default', name: 'default' };

function settle(layers: readonly Layer[]): Loaded {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  const sources = new Map<Field, Source>();
  for (const { given, problems: ofLayer } of layers) {
    problems.push(...ofLayer);
    for (const [field, { text, source }] of given) {
      const { ok, value, wrong } = valueOf(field, text);
      problems.push(...wrong.map((message) => `${source.name}: ${message}`));
      sources.set(field, source);
      values[field] = ok ? value : undefined;
    }
  }
  problems.push(...crossCheck({ values, sources }));
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, config: complete(values), sources: completeSources(sources) };
}

function valueOf(field: Field, text: Text): { ok: boolean; value?: unknown; wrong: string[] } {
  const parsed = keys[field].schema.safeParse(text);
  if (parsed.success) return { ok: true, value: parsed.data, wrong: [] };
  return { ok: false, wrong: parsed.error.issues.map((issue) => issue.message) };
}

/** Without problems every key has its value, by its own schema; what is left out is what may stay unset. */
function complete(values: Readonly<Record<string, unknown>>): Config {
  return Object.freeze(Object.fromEntries(entries.map(([field]) => [field, values[field]]))) as Config;
}

function completeSources(sources: ReadonlyMap<Field, Source>): Sources {
  return Object.fromEntries(entries.map(([field]) => [field, sources.get(field) ?? byDefault])) as Sources;
}
