import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { branchName } from '../../client/branch-name.ts';
import { scratchDir } from '../support/scratch-dir.ts';

/** Where git is not found, so that the files have to say it. */
const noGit = { PATH: '/nowhere' };

t.test('without git, HEAD is read', async (t) => {
  const root = scratchDir(t);
  mkdirSync(join(root, '.git'));
  const head = (text: string): void => writeFileSync(join(root, '.git', 'HEAD'), text);
  const inside = join(root, 'a', 'b');
  mkdirSync(inside, { recursive: true });
  head('ref: refs/heads/Feature/Foo_Bar\n');
  t.equal(await branchName(inside, noGit), 'Feature/Foo_Bar');
  head('0123456789012345678901234567890123456789\n');
  t.equal(await branchName(inside, noGit), undefined, 'detached');
  head('ref: refs/heads/.invalid\n');
  t.equal(await branchName(inside, noGit), undefined, 'the branches are in a reftable');
});

t.test('a worktree names its folder', async (t) => {
  const root = scratchDir(t);
  const gitDir = join(root, 'main', '.git', 'worktrees', 'tree');
  mkdirSync(gitDir, { recursive: true });
  mkdirSync(join(root, 'tree'));
  writeFileSync(join(gitDir, 'HEAD'), 'ref: refs/heads/side\n');
  writeFileSync(join(root, 'tree', '.git'), 'gitdir: ../main/.git/worktrees/tree\n');
  t.equal(await branchName(join(root, 'tree'), noGit), 'side');
});

t.test('CI systems, the more exact variable first', async (t) => {
  const folder = scratchDir(t);
  const of = (env: Record<string, string>): Promise<string | undefined> =>
    branchName(folder, { ...noGit, ...env });
  t.equal(await of({ GITHUB_HEAD_REF: 'a', GITHUB_REF_NAME: '1/merge' }), 'a');
  t.equal(await of({ GITHUB_HEAD_REF: '', GITHUB_REF_NAME: 'main' }), 'main', 'an empty one is none');
  t.equal(await of({ CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: 'b', CI_COMMIT_REF_NAME: 'c' }), 'b');
  t.equal(await of({ CI_COMMIT_REF_NAME: 'c' }), 'c');
  t.equal(await of({ BRANCH_NAME: 'd' }), 'd');
  t.equal(await of({}), undefined);
});
