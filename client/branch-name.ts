import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The branch that CI builds, where the checkout itself is on none; the more exact one first. */
const ciVariables = [
  'GITHUB_HEAD_REF',
  'GITHUB_REF_NAME',
  'CI_MERGE_REQUEST_SOURCE_BRANCH_NAME',
  'CI_COMMIT_REF_NAME',
  'BITBUCKET_BRANCH',
  'BUILDKITE_BRANCH',
  'CIRCLE_BRANCH',
  'CHANGE_BRANCH',
  'BRANCH_NAME',
] as const;

const gitTimeoutMs = 5000;
const maxDepth = 64;

/** The name of the branch that is worked on in a folder, as git or the CI system says it; undefined when nobody does. */
export async function branchName(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const fromGit = (await askGit(folder, env)) ?? readHead(folder);
  if (fromGit !== undefined) return fromGit;
  return ciVariables.map((name) => env[name]).find((value) => value !== undefined && value !== '');
}

/** Undefined too when the head is detached, git is not there, or it does not trust the repository. */
function askGit(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  return new Promise((settle) => {
    const options = { cwd: folder, env: { ...env }, timeout: gitTimeoutMs, maxBuffer: 64 * 1024 };
    execFile('git', ['symbolic-ref', '--quiet', '--short', 'HEAD'], options, (error, stdout) => {
      settle(error === null ? branchIn(stdout) : undefined);
    });
  });
}

/** What `.git/HEAD` says, for machines without git. */
function readHead(folder: string): string | undefined {
  let at = resolve(folder);
  for (let depth = 0; depth < maxDepth; depth++, at = dirname(at)) {
    const head = readText(join(at, '.git', 'HEAD')) ?? readWorktreeHead(at);
    if (head !== undefined) return branchIn(/^ref: refs\/heads\/(.+)$/m.exec(head)?.[1] ?? '');
    if (at === dirname(at)) return undefined;
  }
  return undefined;
}

/** In a worktree or a submodule `.git` is a file that names the folder. */
function readWorktreeHead(folder: string): string | undefined {
  const gitDir = /^gitdir: (.+)$/m.exec(readText(join(folder, '.git')) ?? '')?.[1];
  return gitDir === undefined ? undefined : readText(join(resolve(folder, gitDir), 'HEAD'));
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** `.invalid` stands in HEAD where the branches are kept in another form than files. */
function branchIn(text: string): string | undefined {
  const name = text.trim();
  return name === '' || name === '.invalid' ? undefined : name;
}
