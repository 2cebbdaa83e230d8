import type { Access } from '../../core/forward.ts';
import { mayNameEnv, type Identity } from '../identity/identity.ts';
import type { PublicUrls } from './commands.ts';
import type { RouteTable } from './forwarding.ts';
import { nameProblem } from './name-problem.ts';
import { refusalLine } from './session-view.ts';
import type { Refusal } from './refusals.ts';

export interface BannerFacts {
  readonly env: string;
  readonly identity: Identity;
  readonly routes: Pick<RouteTable, 'mayClaim'>;
  readonly urls: PublicUrls;
  readonly defaultAccess: Access;
  /** Whom to ask about a name that is refused. */
  readonly contact: string;
  /** What was refused to this user lately, and has not been told yet. */
  readonly refusals: readonly Refusal[];
}

/** What a user sees on logging in, even with `ssh -N`: where the environment will be, and what was refused the last time. Empty, if there is nothing to say. */
export function bannerText(facts: BannerFacts): string {
  const last = facts.refusals.map((refusal) => `porthole: last time, ${refusalLine(refusal)}`);
  return [...last, ...whereLines(facts)].map((line) => `${line}\n`).join('');
}

function whereLines(facts: BannerFacts): readonly string[] {
  const { env, identity, urls } = facts;
  const problem = nameProblem(facts);
  // Who comes in by the gate writes any user name, and all programs that they lead through it show what is said here.
  const isForGate = identity.role !== 'machine' && !mayNameEnv(identity, env);
  if (problem !== undefined) return isForGate ? [] : [`porthole: ${problem}`];
  const own = urls.urlOf({ env, service: undefined, port: undefined });
  const service = urls.urlOf({ env, service: 'web', port: undefined });
  const lines = [`porthole: ${env} is at ${own} (-R 80:...), its services at ${service} (-R web:80:...)`];
  if (facts.defaultAccess === 'public') return lines;
  const link = urls.shareUrlOf({ env, service: undefined, port: undefined }, identity.principal);
  // Who sees nothing else is told by the next command that they give how to make one.
  return [
    ...lines,
    `porthole: private; ${link === undefined ? `for a link: ssh ... share ${env}` : `share ${link}`}`,
  ];
}
