import { parseArgs } from 'node:util';

/** A gateway that somebody else started, to be measured beside ours. */
export interface ExternalPeer {
  readonly name: string;
  readonly url: URL;
}

/** What the command line asks for. */
export interface BenchOptions {
  readonly rounds: number;
  /** Length of one load. */
  readonly seconds: number;
  readonly quick: boolean;
  readonly cases: readonly string[] | undefined;
  readonly peers: readonly string[] | undefined;
  readonly external: readonly ExternalPeer[];
  readonly jsonFile: string | undefined;
  readonly originPort: number | undefined;
  readonly logLevel: string | undefined;
}

export type CommandLine =
  | { readonly kind: 'run'; readonly options: BenchOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'usage'; readonly problem: string };

export const usage = `usage: npm run bench -- [options]

Measures Porthole beside nginx in front of OpenSSH's own \`sshd -R\`, nginx alone, and the origin itself.

  --rounds N         rounds, interleaved; medians are taken over them (default 5)
  --seconds S        length of each load, in whole seconds (default 4)
  --quick            one round of 1 s loads, without the longest cases: does it work at all?
  --only CASE,...    only these cases
  --peers NAME,...   only these peers
  --peer NAME=URL    also measure a gateway that already runs; URL is the http(s) root of a host whose
                     requests it sends to this benchmark's origin (see --origin-port); repeatable
  --origin-port N    the origin listens on 127.0.0.1:N instead of any free port
  --log-level L      the log level of the Porthole gateways (default: the gateway's own default)
  --json FILE        write all samples, medians, ratios and versions to FILE
  --help             this text
`;

const flags = {
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  quick: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true },
  peers: { type: 'string', multiple: true },
  peer: { type: 'string', multiple: true },
  'origin-port': { type: 'string' },
  'log-level': { type: 'string' },
  json: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

class UsageProblem extends Error {}

function wholeNumber(flag: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw new UsageProblem(`--${flag} takes a whole number from 1 to ${most}`);
  return value;
}

function list(words: readonly string[] | undefined): string[] | undefined {
  return words?.flatMap((word) => word.split(',')).filter((word) => word !== '');
}

function externalPeer(text: string): ExternalPeer {
  const [, name, address] = /^([a-z0-9][a-z0-9-]*)=(https?:\/\/.+)$/i.exec(text) ?? [];
  const url = address === undefined ? null : URL.parse(address);
  if (name === undefined || url === null) {
    throw new UsageProblem(`--peer takes NAME=URL, such as other=http://bench.localhost:8080, not '${text}'`);
  }
  return { name, url };
}

function readOptions(argv: readonly string[]): CommandLine {
  const { values } = parseArgs({ args: [...argv], options: flags, strict: true, allowPositionals: false });
  if (values.help) return { kind: 'help' };
  const options: BenchOptions = {
    rounds: wholeNumber('rounds', values.rounds, 1000) ?? (values.quick ? 1 : 5),
    seconds: wholeNumber('seconds', values.seconds, 3600) ?? (values.quick ? 1 : 4),
    quick: values.quick,
    cases: list(values.only),
    peers: list(values.peers),
    external: (values.peer ?? []).map(externalPeer),
    jsonFile: values.json,
    originPort: wholeNumber('origin-port', values['origin-port'], 65_535),
    logLevel: values['log-level'],
  };
  return { kind: 'run', options };
}

/** Reads the command line. A mistake in it is a value, told in one line. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  try {
    return readOptions(argv);
  } catch (error) {
    const isMistake = error instanceof UsageProblem || error instanceof TypeError;
    if (!isMistake) throw error;
    return { kind: 'usage', problem: error.message };
  }
}
