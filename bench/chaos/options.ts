import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface ChaosOptions {
  readonly short: boolean;
  /** Names of scenarios; undefined for all. */
  readonly names: readonly string[] | undefined;
  readonly jsonFile: string | undefined;
}

export type ChaosCommandLine =
  | { readonly kind: 'run'; readonly options: ChaosOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'usage'; readonly problem: string };

export const usage = `usage: npm run chaos -- [options]

Kills, stops, cuts off and replaces the parts of a running Porthole under load, and tells whether its promises were kept.

  --short            seconds instead of minutes: does it work at all?
  --only NAME,...    only these scenarios; repeatable
  --json FILE        write all findings to FILE
  --help             this text
`;

const flags = {
  short: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true },
  json: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

function unknownName(names: readonly string[] = [], known: readonly string[]): string | undefined {
  const unknown = names.find((name) => !known.includes(name));
  return unknown === undefined
    ? undefined
    : `no scenario is named '${unknown}'; there are ${known.join(', ')}`;
}

/** Reads the command line. A mistake in it is a value, told in one line. */
export function parseChaosCommandLine(argv: readonly string[], known: readonly string[]): ChaosCommandLine {
  try {
    const { values } = parseArgs({ args: [...argv], options: flags, strict: true, allowPositionals: false });
    if (values.help) return { kind: 'help' };
    const names = values.only?.flatMap((some) => some.split(',')).filter((name) => name !== '');
    const problem = unknownName(names, known);
    if (problem !== undefined) return { kind: 'usage', problem };
    return { kind: 'run', options: { short: values.short, names, jsonFile: values.json } };
  } catch (error) {
    // parseArgs tells every mistake so.
    if (!(error instanceof TypeError)) throw error;
    return { kind: 'usage', problem: error.message };
  }
}
