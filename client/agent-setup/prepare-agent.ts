import { dirname, join } from 'node:path';
import { conflicts, readIfThere } from './agent-checks.ts';
import type { AgentFacts } from './agent-facts.ts';
import { planAgent, type AgentPlan } from './agent-files.ts';
import type { ReloadWay } from './reload-sshd.ts';
import type { RunProgram } from './run-program.ts';
import { dropInName, includedDropIn, includes } from './sshd-include.ts';
import { Sshd, type SshdSettings } from './sshd.ts';

/** Where an SSH server and what is made for it lie. Absolute paths. */
export interface AgentPlaces {
  /** The program. */
  readonly sshd: string;
  readonly sshdConfig: string;
  /** The directory of what is made. */
  readonly dir: string;
  /** Found by what the configuration includes, if not given. */
  readonly dropIn: string | undefined;
}

export interface SetupWish extends Omit<AgentFacts, 'ca'> {
  readonly places: AgentPlaces;
  readonly ca: string;
  /** `START:RATE:FULL`, or to leave it as it is; enough for many at once, if not given. */
  readonly maxStartups: string | undefined;
  readonly reload: ReloadWay;
  /** Take the place of what others have set. */
  readonly force: boolean;
}

/** What a setup comes to, before anything is written. */
export type Prepared =
  | { readonly ok: true; readonly plan: AgentPlan; readonly settings: SshdSettings; readonly notes: string[] }
  | { readonly ok: false; readonly problem: string };

/** How many may be logging in at once, all of whom come from this machine itself; sshd's own is 10. */
const roomyStartups = '100:30:200';
const enoughStartups = 100;

export function sshdOf({ sshd, sshdConfig }: AgentPlaces, run: RunProgram): Sshd {
  return new Sshd({ program: sshd, config: sshdConfig, run });
}

/** Looks at what is there, and writes nothing. Only to `print` it the configuration need not include it. */
export async function prepareAgent(wish: SetupWish, sshd: Sshd, purpose?: 'print'): Promise<Prepared> {
  const { places } = wish;
  const sound = await sshd.test();
  if (!sound.ok) return bad(`sshd does not take its own configuration as it is: ${sound.problem}`);
  const before = await sshd.settings();
  if (!before.ok) return bad(`sshd does not tell its settings: ${before.problem}`);
  const config = readIfThere(places.sshdConfig) ?? '';
  const found = places.dropIn ?? includedDropIn(config);
  const isIncluded = found !== undefined && includes(config, found);
  if (!isIncluded && purpose !== 'print') return bad(noInclude(places, found));
  const dropIn = found ?? join(dirname(places.sshdConfig), 'sshd_config.d', dropInName);
  const { text, notes } = await startups(wish, { sshd, before: before.value, dropIn });
  const plan = planAgent({ ...wish, dir: places.dir, sshdConfig: places.sshdConfig, dropIn, ...text });
  const others = conflicts(before.value, plan);
  if (others.length > 0 && !wish.force)
    return bad(
      `its sshd has ${others.join(' and ')} already, which this would take the place of: join the two by hand (--print shows what would be written), or use --force`,
    );
  return { ok: true, plan, settings: before.value, notes };
}

function noInclude({ sshdConfig }: AgentPlaces, dropIn: string | undefined): string {
  const wanted = dropIn ?? join(dirname(sshdConfig), 'sshd_config.d', '*.conf');
  return `${sshdConfig} includes ${dropIn === undefined ? 'no directory' : `no ${dropIn}`}: put the line "Include ${wanted}" at its top and begin anew, or put there by hand what --print shows`;
}

/** What is said of many logins at once. What our own drop-in said before does not count as another's. */
async function startups(
  { maxStartups }: Pick<SetupWish, 'maxStartups'>,
  { sshd, before, dropIn }: { sshd: Sshd; before: SshdSettings; dropIn: string },
): Promise<{
  text: { maxStartups: string | undefined; exemptsLoopback: boolean };
  notes: string[];
}> {
  const own = readIfThere(dropIn) ?? '';
  const now = Number(/^\d+/.exec(before.get('maxstartups') ?? '')?.[0] ?? 0);
  const isRoomy = now >= enoughStartups && !/^MaxStartups /m.test(own);
  const wanted = maxStartups ?? (isRoomy ? 'keep' : roomyStartups);
  const exempt = before.get('persourcepenaltyexemptlist') ?? 'none';
  const isOthers = exempt !== 'none' && !/^PerSourcePenaltyExemptList /m.test(own);
  const exemptsLoopback = !isOthers && (await sshd.knows('PerSourcePenaltyExemptList', '127.0.0.1'));
  const perSource = before.get('persourcemaxstartups') ?? 'none';
  const notes = [
    ...(isOthers
      ? [`PerSourcePenaltyExemptList is ${exempt}: add 127.0.0.1, from where people come by the gateway`]
      : []),
    ...(perSource === 'none'
      ? []
      : [`PerSourceMaxStartups is ${perSource}: so many may log in by the gateway at once`]),
    ...(before.get('pubkeyauthentication') === 'no'
      ? ['PubkeyAuthentication is no: nobody gets in by a certificate']
      : []),
  ];
  return { text: { maxStartups: wanted === 'keep' ? undefined : wanted, exemptsLoopback }, notes };
}

function bad(problem: string): Prepared {
  return { ok: false, problem };
}
