import { existsSync } from 'node:fs';
import { agentFactsPath } from './agent-facts.ts';
import { principalsDir } from './agent-files.ts';
import { readIfThere } from './agent-checks.ts';
import { FileChanges, wordsOf } from './file-changes.ts';
import { sshdOf, type AgentPlaces, type SetupWish } from './prepare-agent.ts';
import type { Reloaded } from './reload-sshd.ts';
import type { RunProgram } from './run-program.ts';
import { leftOver, reload, takenBack } from './set-up-agent.ts';
import { includedDropIn } from './sshd-include.ts';

export type RemoveOutcome =
  | { readonly kind: 'done'; readonly removed: readonly string[]; readonly reloaded: Reloaded }
  | { readonly kind: 'nothing' }
  /** All is as it was before. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Takes away what `setUpAgent` wrote, and nothing else: the drop-in first. On any failure all is as it was. */
export async function removeAgent(
  wish: Pick<SetupWish, 'places' | 'reload'>,
  run: RunProgram,
): Promise<RemoveOutcome> {
  const { places } = wish;
  const paths = writtenPaths(places);
  if (paths.length === 0) return { kind: 'nothing' };
  const sshd = sshdOf(places, run);
  const changes = new FileChanges();
  try {
    for (const path of paths) changes.remove(path);
    changes.removeDirectory(principalsDir(places.dir));
    changes.removeDirectory(places.dir);
    const sound = await sshd.test();
    if (!sound.ok) return takenBack(changes, `sshd does not take its configuration then: ${sound.problem}`);
    const settings = await sshd.settings();
    if (!settings.ok) return takenBack(changes, settings.problem);
    const reloaded = await reload(wish, settings.value, run);
    if (reloaded.kind === 'failed') return takenBack(changes, reloaded.reason);
    changes.keep();
    return { kind: 'done', removed: paths, reloaded };
  } catch (error) {
    return takenBack(changes, wordsOf(error));
  }
}

/** What is there of it, in the order in which it goes. */
function writtenPaths({ dir, dropIn, sshdConfig }: AgentPlaces): string[] {
  const included = dropIn ?? includedDropIn(readIfThere(sshdConfig) ?? '');
  const files = existsSync(principalsDir(dir)) ? leftOver(dir, []) : [];
  return [...(included === undefined ? [] : [included]), ...files, agentFactsPath(dir)].filter((path) =>
    existsSync(path),
  );
}
