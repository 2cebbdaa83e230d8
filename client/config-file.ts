import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { optionNames, type Parsed } from '../core/forward.ts';
import {
  type ConfigIssue,
  configSchema,
  type ConfigOptions,
  type ConfigTable,
  describeIssues,
} from './config-schema.ts';
import { readSshServer } from './ssh-server/ssh-server-offer.ts';
import { type Offer, offerName, parseOffer } from './target.ts';

/** What a `porthole.toml` says. Paths are absolute, and `docker` is undefined where nothing is said of it. */
export interface ClientConfig {
  readonly path: string;
  readonly server: string | undefined;
  readonly env: string | undefined;
  readonly ca: string | undefined;
  readonly identity: string | undefined;
  readonly certificate: string | undefined;
  readonly knownHosts: string | undefined;
  readonly hostKeys: readonly string[] | undefined;
  readonly connections: number | undefined;
  readonly urlFile: string | undefined;
  readonly docker: { readonly project?: string; readonly host?: string } | boolean | undefined;
  readonly ssh: SshConfig | undefined;
  /** Option values for all services that say nothing themselves. */
  readonly options: ConfigOptions;
  /** Each service with its own option words only. */
  readonly offers: readonly Offer[];
}

/** The machine's SSH server; false where it is not to be offered. */
export type SshConfig =
  | false
  | {
      /** Where it listens; true for the usual port. */
      readonly address: string | true;
      readonly osUser: string | undefined;
      readonly name: string | undefined;
      readonly id: string | undefined;
    };

export type ConfigResult =
  | { readonly ok: true; readonly value: ClientConfig }
  | { readonly ok: false; readonly problems: readonly string[] };

const maxBytes = 1024 * 1024;

export function readConfig(path: string, home: string): ConfigResult {
  let text: string;
  try {
    if (!statSync(path).isFile()) return bad(path, ['is no file']);
    if (statSync(path).size > maxBytes) return bad(path, ['is longer than a configuration can be']);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return bad(path, [`cannot be read: ${(error as Error).message}`]);
  }
  return parseConfig(text, { path, home });
}

/** Reads the text of a configuration file; all that is wrong with it is told at once. */
export function parseConfig(text: string, where: { path: string; home: string }): ConfigResult {
  const { path } = where;
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The message goes on with a picture of the line, which may hold what should not be repeated.
    return bad(path, [
      `line ${error.line}, column ${error.column}: ${error.message.split('\n', 1).join('')}`,
    ]);
  }
  const table = configSchema.safeParse(raw);
  const issues = table.success ? [] : table.error.issues;
  // The rest is read on, so that its problems are told with the others.
  const { config, problems } = toConfig(table.data ?? configSchema.parse(leaveOut(raw, issues)), where);
  const all = [...describeIssues(issues), ...problems];
  return all.length === 0 ? { ok: true, value: config } : bad(path, all);
}

/** The table without the keys that are wrong; of the services only those are left out. */
function leaveOut(raw: unknown, issues: readonly ConfigIssue[]): object {
  const table = structuredClone(raw) as Record<string, unknown>;
  for (const issue of issues) {
    const [first, second] = issue.path.map(String);
    const services = table['services'];
    if (first === undefined && issue.code === 'unrecognized_keys')
      for (const key of issue.keys) Reflect.deleteProperty(table, key);
    else if (
      first === 'services' &&
      second !== undefined &&
      typeof services === 'object' &&
      services !== null
    )
      Reflect.deleteProperty(services, second);
    else if (first !== undefined) Reflect.deleteProperty(table, first);
  }
  return table;
}

function toConfig(
  table: ConfigTable,
  { path, home }: { path: string; home: string },
): { config: ClientConfig; problems: readonly string[] } {
  const folder = dirname(resolve(path));
  const problems: string[] = [];
  const file = (name: string | undefined): string | undefined => absolutePath(name, folder, home);
  const hostKey = table['host-key'];
  const config = {
    path,
    server: table.server,
    env: table.env,
    ca: file(table.ca),
    identity: file(table.identity),
    certificate: file(table.certificate),
    knownHosts: file(table['known-hosts']),
    hostKeys: typeof hostKey === 'string' ? [hostKey] : hostKey,
    connections: table.connections,
    urlFile: readUrlFile(table['url-file'], folder, problems),
    docker: typeof table.docker === 'object' ? withoutAbsent(table.docker) : table.docker,
    ssh: readSsh(table.ssh, problems),
    options: optionsOf(table),
    offers: readServices(table, problems),
  };
  return { config, problems };
}

function readSsh(said: ConfigTable['ssh'], problems: string[]): SshConfig | undefined {
  if (said === undefined || said === false) return said;
  const table = typeof said === 'object' ? said : {};
  const target = typeof said === 'object' ? said.target : said;
  const address: string | true = target === undefined || target === true ? true : String(target);
  const config = { address, osUser: table['os-user'], name: table.name, id: table.id };
  const read = readSshServer(config, [], []);
  if (!read.ok) problems.push(`ssh: ${read.problem}`);
  return config;
}

function readServices(table: ConfigTable, problems: string[]): Offer[] {
  const offers: Offer[] = [];
  const take = (place: string, offer: Parsed<Offer>): void => {
    if (!offer.ok) problems.push(`${place}: ${offer.problem}`);
    else if (offers.some((other) => offerName(other) === offerName(offer.value)))
      problems.push(`${place}: this service and port is offered twice`);
    else offers.push(offer.value);
  };
  if (table.target !== undefined) take('target', parseOffer(String(table.target)));
  for (const [name, value] of Object.entries(table.services ?? {}))
    take(`services.${JSON.stringify(name).slice(1, -1)}`, readService(name, value));
  return offers;
}

function readService(name: string, value: NonNullable<ConfigTable['services']>[string]): Parsed<Offer> {
  if (!/^[^=?#/\s]+$/.test(name)) return { ok: false, problem: 'this cannot be a service name' };
  if (typeof value !== 'object') return parseOffer(`${name}=${value}`);
  if (value.port !== undefined && name.includes(':'))
    return { ok: false, problem: 'the port stands in the name already' };
  const place = value.port === undefined ? name : `${name}:${value.port}`;
  const words = Object.entries(optionsOf(value)).flatMap(([option, text]) =>
    text === undefined ? [] : [`${option}=${text}`],
  );
  return parseOffer(`${place}=${value.target}`, words);
}

function optionsOf(table: object): ConfigOptions {
  const values = table as ConfigOptions;
  return Object.fromEntries(optionNames.map((name) => [name, values[name]]));
}

/**
 * The file comes with the repository, and what it names is overwritten: it may lie beneath the configuration only, and not
 * in a hidden folder such as `.git`.
 */
function readUrlFile(name: string | undefined, folder: string, problems: string[]): string | undefined {
  if (name === undefined) return undefined;
  const path = resolve(folder, name);
  const parent = existsSync(dirname(path)) ? realpathSync(dirname(path)) : dirname(path);
  const inside = relative(existsSync(folder) ? realpathSync(folder) : folder, join(parent, basename(path)));
  const isFine =
    !isAbsolute(name) && !isAbsolute(inside) && inside.split(/[/\\]/).every((part) => /^[^.]/.test(part));
  if (!isFine) {
    problems.push(
      'url-file: is a path beneath the folder of this file, and not hidden; for others use --url-file',
    );
    return undefined;
  }
  return path;
}

function absolutePath(name: string | undefined, folder: string, home: string): string | undefined {
  if (name === undefined) return undefined;
  return name.startsWith('~/') ? join(home, name.slice(2)) : resolve(folder, name);
}

function withoutAbsent(docker: { project?: string | undefined; host?: string | undefined }): {
  project?: string;
  host?: string;
} {
  const { project, host } = docker;
  return { ...(project === undefined ? {} : { project }), ...(host === undefined ? {} : { host }) };
}

function bad(path: string, problems: readonly string[]): ConfigResult {
  return { ok: false, problems: problems.map((problem) => `${path}: ${problem}`) };
}
