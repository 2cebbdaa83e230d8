import { Command } from 'commander';
import { load } from '../config/load.ts';
import type { Config } from '../config/keys.ts';

/** What the operator's commands need of the process that they run in. */
export interface Operator {
  readonly env: NodeJS.ProcessEnv;
  /** Reads a text file, or throws. */
  readonly readFile: (path: string) => string;
  /** All of standard input, or as much of it as `maxBytes`. */
  readonly readStdin: (maxBytes: number) => Promise<string>;
  /** Makes the state directory where there is none, and gives its whole path. Throws `ERR_STATE_DIR`. */
  readonly openStateDir: (path: string) => string;
  /** Prints one line, or several. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The command line is wrong, in one way or several: exit code 2. */
export class UsageProblem extends Error {
  override readonly name = 'UsageProblem';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** The flags that say which gateway is meant. */
export interface GatewayFlags {
  readonly stateDir?: string;
  readonly config?: string;
}

/** A command that works on the state directory itself, on the gateway's machine, whether a gateway runs there or not. */
export function stateCommand(name: string, summary: string): Command {
  return new Command(name)
    .summary(summary)
    .option('--state-dir <dir>', "the gateway's state directory (PORTHOLE_STATE_DIR)")
    .option('--config <file>', "the gateway's TOML file (PORTHOLE_CONFIG)");
}

/** The configuration as the gateway itself would settle it. Throws `UsageProblem`. */
export function configOf({ stateDir, config }: GatewayFlags, { env, readFile }: Operator): Config {
  const argv = [
    ...(stateDir === undefined ? [] : [`--state-dir=${stateDir}`]),
    ...(config === undefined ? [] : [`--config=${config}`]),
  ];
  const loaded = load({ argv, env, readFile });
  if (!loaded.ok) throw new UsageProblem(loaded.problems);
  return loaded.config;
}
