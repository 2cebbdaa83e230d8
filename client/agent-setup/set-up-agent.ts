import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { notInEffect, scriptProblem, unsafePlace } from './agent-checks.ts';
import {
  authorityFile,
  principalsDir,
  publicMode,
  scriptFile,
  type AgentPlan,
  type PlannedFile,
} from './agent-files.ts';
import { FileChanges, isSetAside, wordsOf } from './file-changes.ts';
import { prepareAgent, sshdOf, type SetupWish } from './prepare-agent.ts';
import { reloadSshd, type Reloaded } from './reload-sshd.ts';
import type { RunProgram } from './run-program.ts';
import type { Sshd, SshdSettings } from './sshd.ts';

export type SetupOutcome =
  | {
      readonly kind: 'done';
      readonly changed: boolean;
      readonly dropIn: string;
      readonly reloaded: Reloaded;
      /** What should be known besides. */
      readonly notes: readonly string[];
    }
  /** All is as it was before. */
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Has this machine's sshd take the gateway's certificates: writes what it needs, the one file that has an effect last, and has it read again only when it says
 * that all is sound and in effect. On any failure all is as it was.
 */
export async function setUpAgent(wish: SetupWish, run: RunProgram): Promise<SetupOutcome> {
  const sshd = sshdOf(wish.places, run);
  const prepared = await prepareAgent(wish, sshd);
  if (!prepared.ok) return refused(prepared.problem);
  const { plan, settings, notes } = prepared;
  const changes = new FileChanges();
  try {
    const problem = await install({ wish, plan, settings, sshd, run, changes });
    if (problem !== undefined) return takenBack(changes, problem);
    const reloaded = await reload(wish, settings, run);
    if (reloaded.kind === 'failed') {
      const outcome = takenBack(changes, reloaded.reason);
      await reload(wish, settings, run);
      return outcome;
    }
    const { changed } = changes;
    changes.keep();
    return { kind: 'done', changed, dropIn: plan.dropIn.path, reloaded, notes };
  } catch (error) {
    return takenBack(changes, wordsOf(error));
  }
}

interface Installation {
  readonly wish: SetupWish;
  readonly plan: AgentPlan;
  readonly settings: SshdSettings;
  readonly sshd: Sshd;
  readonly run: RunProgram;
  readonly changes: FileChanges;
}

/** The problem that it ended with; nothing is taken back yet. */
async function install(installation: Installation): Promise<string | undefined> {
  const { wish, plan, settings, sshd, run, changes } = installation;
  const { dir } = wish.places;
  changes.directory(dir);
  changes.directory(principalsDir(dir));
  for (const file of plan.files) changes.write(file);
  const unsafe = unsafePlace(dir, plan, settings);
  if (unsafe !== undefined) return unsafe;
  const broken = plan.script === undefined ? undefined : await scriptProblem(plan.script, run);
  if (broken !== undefined) return broken;
  const rejected = await tryDropIn(installation);
  if (rejected !== undefined) return rejected;
  changes.write(plan.dropIn);
  const sound = await sshd.test();
  if (!sound.ok) return `sshd does not take it: ${sound.problem}`;
  const idle = await notInEffect(sshd, plan, wish.osUsers);
  if (idle !== undefined) return idle;
  for (const path of leftOver(dir, plan.files)) changes.remove(path);
  changes.write(plan.facts);
  return undefined;
}

/** The drop-in is tried before it is put where it counts: from then on it may be read at any moment. */
async function tryDropIn({ wish, plan, sshd }: Installation): Promise<string | undefined> {
  const { dir, sshdConfig } = wish.places;
  const trial = new FileChanges();
  const dropIn = join(dir, 'trial.conf');
  const config = join(dir, 'trial_config');
  try {
    trial.write({ path: dropIn, text: plan.dropIn.text, mode: publicMode });
    trial.write({ path: config, text: `Include ${dropIn}\nInclude ${sshdConfig}\n`, mode: publicMode });
    const tried = await sshd.test(config);
    return tried.ok ? undefined : `sshd does not take it: ${tried.problem}`;
  } finally {
    trial.undo();
  }
}

/** Of users who are no longer let in, and what is no longer asked. */
export function leftOver(dir: string, wanted: readonly PlannedFile[]): string[] {
  const there = usersIn(dir).map((name) => join(principalsDir(dir), name));
  const paths = new Set(wanted.map(({ path }) => path));
  return [...there, scriptFile(dir), authorityFile(dir)].filter((path) => !paths.has(path));
}

/** The users whom files are there for. */
export function usersIn(dir: string): string[] {
  return readdirSync(principalsDir(dir)).filter((name) => !isSetAside(name));
}

export function reload(
  { places, reload: way }: Pick<SetupWish, 'places' | 'reload'>,
  settings: SshdSettings,
  run: RunProgram,
): Promise<Reloaded> {
  return reloadSshd(way, { run, pidFile: settings.get('pidfile'), program: places.sshd });
}

export function takenBack(changes: FileChanges, reason: string): Extract<SetupOutcome, { kind: 'refused' }> {
  try {
    changes.undo();
    return refused(`${reason}. All is as it was before`);
  } catch (error) {
    return refused(`${reason}. What was written could NOT all be taken back: ${wordsOf(error)}`);
  }
}

function refused(reason: string): Extract<SetupOutcome, { kind: 'refused' }> {
  return { kind: 'refused', reason };
}
