import { lstatSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AgentPlan } from './agent-files.ts';
import type { RunProgram } from './run-program.ts';
import type { Sshd, SshdSettings } from './sshd.ts';

/** Settings of another hand that ours would take the place of, or that would take the place of ours. */
export function conflicts(before: SshdSettings, plan: AgentPlan): string[] {
  const ours = new Set(plan.settings.values());
  return ['trustedusercakeys', 'authorizedprincipalsfile', 'authorizedprincipalscommand'].flatMap((name) => {
    const value = before.get(name) ?? 'none';
    const isOurs = ours.has(value) || value.startsWith(`${dirname(plan.facts.path)}/`);
    return value === 'none' || isOurs ? [] : [`${name} ${value}`];
  });
}

/** What is not in effect although it is written: another file says it first, or for these users. */
export async function notInEffect(
  sshd: Sshd,
  plan: AgentPlan,
  osUsers: readonly string[],
): Promise<string | undefined> {
  for (const user of [undefined, ...osUsers]) {
    const settings = await sshd.settings(user);
    if (!settings.ok) return settings.problem;
    for (const [name, wanted] of plan.settings) {
      const value = settings.value.get(name) ?? 'none';
      if (value === wanted) continue;
      return `${name} is ${value}${user === undefined ? '' : ` for ${user}`}, and not ${wanted}: another part of its configuration says so first`;
    }
  }
  return undefined;
}

/**
 * Why sshd would not use what is in the directory: whoever else may write there, or above, could let themselves in. It asks so of its program always, and of
 * files as `StrictModes` says.
 */
export function unsafePlace(dir: string, plan: AgentPlan, settings: SshdSettings): string | undefined {
  if (plan.script === undefined && settings.get('strictmodes') === 'no') return undefined;
  for (let path = dir; ; path = dirname(path)) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats !== undefined && (stats.uid !== 0 || (stats.mode & 0o022) !== 0))
      return `${path} can be written by others than root, and sshd would use nothing below it`;
    if (path === dirname(path)) return undefined;
  }
}

/** A certificate that is valid for ten minutes, of nobody: what the program makes of it shows whether this machine has what it runs. */
const sample = {
  type: 'ssh-ed25519-cert-v01@openssh.com',
  base64:
    'AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIKW2pkzTeDep6vNwTTFXKdTJqzRcsYglTJBER4kKUDFNAAAAIKsVMckqXq70nA0+tjzSbl4HIn9WZsGcTdBecyFnomvcAAAAAAAAAAAAAAABAAAABnNhbXBsZQAAAAoAAAAGc2FtcGxlAAAAADhtQ4AAAAAAOG1F2AAAAAAAAACCAAAAFXBlcm1pdC1YMTEtZm9yd2FyZGluZwAAAAAAAAAXcGVybWl0LWFnZW50LWZvcndhcmRpbmcAAAAAAAAAFnBlcm1pdC1wb3J0LWZvcndhcmRpbmcAAAAAAAAACnBlcm1pdC1wdHkAAAAAAAAADnBlcm1pdC11c2VyLXJjAAAAAAAAAAAAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIK8xDDaBh/NFUtx0g7WcI6CZZlppZ4OSWATvqGjL0xwZAAAAUwAAAAtzc2gtZWQyNTUxOQAAAEAlMR/Mab4Kb5Rubaj7121MbVv2wpeIR51yRtUwrIaMo/SXg8wcU4/UoFYlSvgnX8DfSLRRqY0D6DhjUrm97M8B',
  life: '600',
};

/** Why the program that sshd is to ask does not work here; run as sshd runs it. */
export async function scriptProblem(script: string, run: RunProgram): Promise<string | undefined> {
  const [uid, gid] = await Promise.all([run('id', ['-u', 'nobody']), run('id', ['-g', 'nobody'])]);
  if (uid.code !== 0 || gid.code !== 0) return 'there is no user nobody, as whom sshd would run it';
  const as = { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  const tried = await run(script, ['--life', sample.type, sample.base64], as);
  if (tried.code === 0 && tried.stdout.trim() === sample.life) return undefined;
  const said = tried.stderr.trim().split('\n').at(-1) ?? '';
  return `${script} does not work here, which takes sh, base64, od and awk: ${said || 'it gave no answer'}`;
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
