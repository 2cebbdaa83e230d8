import type { Command } from 'commander';
import type { ClientConfig } from '../config-file.ts';
import { findConfig } from '../config-search.ts';
import type { Surroundings } from '../surroundings.ts';

/** Where a flag's value may come from besides the command line: its variable, and its key in the configuration file. */
interface Setting {
  readonly flag: string;
  readonly variable?: string;
  readonly fromFile?: (config: ClientConfig) => unknown;
  readonly isList?: boolean;
  /** It is meant only for commands that take this one too. */
  readonly beside?: string;
}

const settings: readonly Setting[] = [
  { flag: 'server', variable: 'PORTHOLE_SERVER', fromFile: ({ server }) => server },
  { flag: 'ca', variable: 'PORTHOLE_CA', fromFile: ({ ca }) => ca },
  { flag: 'identity', variable: 'PORTHOLE_IDENTITY', fromFile: ({ identity }) => identity },
  { flag: 'certificate', variable: 'PORTHOLE_CERTIFICATE', fromFile: ({ certificate }) => certificate },
  { flag: 'knownHosts', variable: 'PORTHOLE_KNOWN_HOSTS', fromFile: ({ knownHosts }) => knownHosts },
  { flag: 'hostKey', variable: 'PORTHOLE_HOST_KEY', fromFile: ({ hostKeys }) => hostKeys, isList: true },
  { flag: 'env', variable: 'PORTHOLE_ENV', fromFile: ({ env }) => env },
  {
    flag: 'connections',
    variable: 'PORTHOLE_CONNECTIONS',
    fromFile: ({ connections }) => connections?.toString(),
  },
  { flag: 'urlFile', variable: 'PORTHOLE_URL_FILE', fromFile: ({ urlFile }) => urlFile },
  { flag: 'docker', fromFile: ({ docker }) => (docker === undefined ? undefined : docker !== false) },
  {
    flag: 'dockerProject',
    fromFile: ({ docker }) => (typeof docker === 'object' ? docker.project : undefined),
  },
  { flag: 'dockerHost', fromFile: ({ docker }) => (typeof docker === 'object' ? docker.host : undefined) },
  { flag: 'ssh', fromFile: ({ ssh }) => (ssh === undefined || ssh === false ? ssh : ssh.address) },
  { flag: 'osUser', beside: 'ssh', fromFile: ({ ssh }) => (ssh === false ? undefined : ssh?.osUser) },
  { flag: 'targetName', beside: 'ssh', fromFile: ({ ssh }) => (ssh === false ? undefined : ssh?.name) },
  { flag: 'targetId', beside: 'ssh', fromFile: ({ ssh }) => (ssh === false ? undefined : ssh?.id) },
  ...['access', 'host', 'scheme', 'ttl', 'from', 'robots'].map((flag): Setting => ({
    flag,
    fromFile: ({ options }) => options[flag],
  })),
  {
    flag: 'balance',
    fromFile: ({ options }) => (options['balance'] === undefined ? undefined : options['balance'] === 'true'),
  },
];

/**
 * Fills in what the command line leaves out: from the environment, else from the configuration file. The file itself is kept
 * as the option `file`. Ends the command when the file is wrong.
 */
export async function applySettings(command: Command, around: Surroundings): Promise<void> {
  if (!hasFlag(command, 'server')) return;
  const config = await loadConfig(command, around);
  if (config !== undefined) command.setOptionValueWithSource('file', config, 'config');
  for (const setting of settings) {
    if (!takes(command, setting) || command.getOptionValueSource(setting.flag) === 'cli') continue;
    const fromEnv = fromVariable(setting, around.env);
    const fromFile = config === undefined ? undefined : setting.fromFile?.(config);
    if (fromEnv !== undefined) command.setOptionValueWithSource(setting.flag, fromEnv, 'env');
    else if (fromFile !== undefined) command.setOptionValueWithSource(setting.flag, fromFile, 'config');
  }
}

/** What reads it is loaded only when there is one: it takes its time, and every start without would pay for it. */
async function loadConfig(
  command: Command,
  { env, cwd, home }: Surroundings,
): Promise<ClientConfig | undefined> {
  const named = command.getOptionValue('config') as string | undefined;
  const path = named ?? notEmpty(env['PORTHOLE_CONFIG']) ?? findConfig(cwd, home);
  if (path === undefined) return undefined;
  const { readConfig } = await import('../config-file.ts');
  const config = readConfig(path, home);
  if (config.ok) return config.value;
  return command.error(`error: ${config.problems.join('\nporthole: ')}`, { exitCode: 2 });
}

function takes(command: Command, { flag, beside = flag }: Setting): boolean {
  return hasFlag(command, flag) && hasFlag(command, beside);
}

function hasFlag(command: Command, flag: string): boolean {
  return command.options.some((option) => option.attributeName() === flag);
}

/** An empty variable is as good as none. */
function fromVariable(
  { variable, isList }: Setting,
  env: Surroundings['env'],
): string | string[] | undefined {
  const value = variable === undefined ? undefined : notEmpty(env[variable]);
  return isList === true ? value?.split(/[\s,]+/) : value;
}

function notEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
