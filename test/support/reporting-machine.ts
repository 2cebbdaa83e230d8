import type { JumpTeam, Name } from './jump.ts';
import { porthole, reaching, type PortholeOptions } from './porthole.ts';
import type { Program } from './program.ts';
import type { TestScope } from './scope.ts';
import type { SshKey } from './ssh-keys.ts';

/** What `--json` told of the machine. */
export interface ToldTarget {
  readonly event: 'target' | 'target-problem';
  readonly state: string;
  readonly id: string;
  readonly name: string;
  readonly env: string;
  readonly hostKeys: readonly string[];
  readonly unpinned: readonly string[];
  readonly reason: string;
}

export interface ReportingOptions extends PortholeOptions {
  /** Whose machine it is. */
  readonly who?: Name;
  /** Another key of theirs. */
  readonly key?: SshKey;
}

/** `porthole connect ... --ssh` on a machine of the team, as its own process. */
export function connectMachine(
  t: TestScope,
  team: JumpTeam,
  args: readonly string[],
  { who = 'vm', key = team.keys[who], ...options }: ReportingOptions = {},
): Program {
  const words = ['connect', ...args, ...reaching(team.gateway), '-i', key.path];
  return porthole(t, words, options);
}

/** The events about the machine that a client with `--json` has told, as soon as there are so many. */
export async function toldOf(client: Program, count = 1): Promise<readonly ToldTarget[]> {
  const event = '^\\{"event":"target(?:-problem)?".*\\}$\\n';
  await client.said(new RegExp(`(?:${event}[^]*?){${String(count)}}`, 'm'));
  return [...client.stdout.matchAll(new RegExp(event, 'gm'))].map(([line]) => JSON.parse(line) as ToldTarget);
}
