import type { Command } from 'commander';
import { dirname, join, resolve } from 'node:path';
import { parseSpan } from '../../core/moment.ts';
import { parseOsUser } from '../../core/os-user.ts';
import type { Parsed } from '../../core/parsed.ts';
import { readAgentFacts } from '../agent-setup/agent-facts.ts';
import type { AgentPlaces, SetupWish } from '../agent-setup/prepare-agent.ts';
import type { ReloadWay } from '../agent-setup/reload-sshd.ts';
import { parseUuid } from '../ssh-server/machine-id.ts';
import type { Surroundings } from '../surroundings.ts';

/** Where an sshd and its files are. */
export interface PlaceFlags {
  readonly sshdConfig?: string;
  readonly sshd?: string;
  readonly dir?: string;
  readonly dropIn?: string;
  readonly json?: boolean;
}

/** How it is told that they have changed. */
export interface ReloadFlags {
  /** False with `--no-reload`. */
  readonly reload?: boolean;
  readonly pidFile?: string;
}

/** Whom certificates let in, and which. */
export interface LimitFlags {
  readonly targetId?: string;
  readonly user?: readonly string[];
  readonly anyUser?: boolean;
  readonly longestCertificate?: string;
  readonly maxStartups?: string;
}

const systemConfig = '/etc/ssh/sshd_config';
const leastLifeMs = 60_000;

export function addPlaceFlags(command: Command): Command {
  return command
    .option('--sshd-config <file>', `the main configuration of sshd (default: ${systemConfig})`)
    .option('--sshd <file>', 'the program (default: /usr/sbin/sshd)')
    .option('--dir <path>', 'where to keep what is made (default: porthole beside the main configuration)')
    .option(
      '--drop-in <file>',
      'what to write for sshd to include (default: 60-porthole.conf where it includes files)',
    )
    .option('--json', 'print one JSON object');
}

export function addReloadFlags(command: Command): Command {
  return command
    .option('--pid-file <file>', 'where sshd keeps its process id, to give it a SIGHUP')
    .option('--no-reload', 'do not have sshd read its configuration again');
}

export function addLimitFlags(command: Command): Command {
  return command
    .option('--target-id <uuid>', 'who the machine is, where that is not what "porthole connect" keeps')
    .option('--user <name>', 'an OS user whom certificates let in; may be repeated', collect)
    .option('--any-user', 'they let in any user, root too')
    .option('--longest-certificate <time>', 'take none that is good for longer in all: 5m; m is minutes')
    .option(
      '--max-startups <start:rate:full>',
      "sshd's MaxStartups, or keep (default: 100:30:200 if it is less)",
    );
}

/** What the command line leaves out is as it was set up before. */
export function placesOf(flags: PlaceFlags, { cwd }: Surroundings): Parsed<AgentPlaces> {
  const path = (given: string | undefined): string | undefined => given && resolve(cwd, given);
  const config = path(flags.sshdConfig);
  const dir = path(flags.dir) ?? join(dirname(config ?? systemConfig), 'porthole');
  const before = readAgentFacts(dir);
  const sshdConfig = config ?? before?.sshdConfig ?? systemConfig;
  const dropIn = path(flags.dropIn) ?? (before?.sshdConfig === sshdConfig ? before.dropIn : undefined);
  const places = { sshd: path(flags.sshd) ?? '/usr/sbin/sshd', sshdConfig, dir, dropIn };
  const odd = Object.values(places).find((each) => each !== undefined && !/^[A-Za-z0-9._/+@-]+$/.test(each));
  return odd === undefined
    ? { ok: true, value: places }
    : { ok: false, problem: `the path ${odd} has characters in it that sshd would read: use another` };
}

export function reloadWay({ reload, pidFile }: ReloadFlags, { sshdConfig }: AgentPlaces): ReloadWay {
  if (reload === false) return { kind: 'none' };
  const isSystem = pidFile === undefined && sshdConfig === systemConfig;
  return isSystem ? { kind: 'service' } : { kind: 'pid-file', path: pidFile };
}

export type Limits = Pick<SetupWish, 'osUsers' | 'longestCertificateMs' | 'maxStartups'> & {
  readonly targetId: string | undefined;
};

export function readLimits(flags: LimitFlags): Parsed<Limits> {
  const { user = [], anyUser = false, longestCertificate, maxStartups } = flags;
  if (anyUser === user.length > 0)
    return bad('say whom certificates let in: --user NAME, once for each, or --any-user');
  for (const each of user) {
    const name = parseOsUser(each);
    if (!name.ok) return bad(`--user: ${name.problem}`);
  }
  const life = longestCertificate === undefined ? undefined : parseSpan(longestCertificate);
  if (life?.ok === false) return bad(`--longest-certificate: ${life.problem}`);
  if (life !== undefined && life.value < leastLifeMs)
    return bad('--longest-certificate: nobody gets one that is good for less than 1m');
  const targetId = flags.targetId === undefined ? undefined : parseUuid(flags.targetId);
  if (flags.targetId !== undefined && targetId === undefined)
    return bad('--target-id: a UUID is 8-4-4-4-12 hexadecimal digits');
  if (maxStartups !== undefined && !/^(?:keep|\d{1,5}:\d{1,3}:\d{1,5})$/.test(maxStartups))
    return bad('--max-startups: START:RATE:FULL, such as 100:30:200, or keep');
  const osUsers = [...new Set(user)].sort();
  return { ok: true, value: { osUsers, longestCertificateMs: life?.value, maxStartups, targetId } };
}

function bad(problem: string): { ok: false; problem: string } {
  return { ok: false, problem };
}

function collect(value: string, earlier: readonly string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}
