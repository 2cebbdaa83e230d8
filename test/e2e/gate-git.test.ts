import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { JumpTeam } from '../support/jump.ts';
import { scratchDir } from '../support/scratch-dir.ts';

t.test('git clones from the machine, and pushes to it', async (t) => {
  const team = await JumpTeam.start(t);
  const { machine } = await team.machine();
  const bare = join(machine.dir, 'app.git');
  const work = join(scratchDir(t), 'work');
  const identity = { NAME: 'Ana', EMAIL: 'ana@example.com' };
  const env = {
    GIT_SSH_COMMAND: `ssh -F ${team.config('ana')}`,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    ...Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((who) =>
        Object.entries(identity).map(([what, value]) => [`GIT_${who}_${what}`, value]),
      ),
    ),
  };
  const git = async (...words: readonly string[]): Promise<string> => {
    const told = await team.ran('git', words, env);
    t.equal(told.code, 0, `git ${words.join(' ')}: ${told.stderr}`);
    return told.stdout;
  };
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', bare]);

  await git('clone', '-q', `ssh://pr-1${bare}`, work);
  writeFileSync(join(work, 'page.html'), 'x'.repeat(2_000_000));
  await git('-C', work, 'checkout', '-q', '-b', 'main');
  await git('-C', work, 'add', '.');
  await git('-C', work, 'commit', '-q', '-m', 'a page');
  await git('-C', work, 'push', '-q', 'origin', 'main');

  const again = join(scratchDir(t), 'again');
  await git('clone', '-q', `pr-1:${bare}`, again);
  t.equal(readFileSync(join(again, 'page.html'), 'utf8').length, 2_000_000);
  t.equal(await git('-C', again, 'rev-parse', 'HEAD'), await git('-C', work, 'rev-parse', 'HEAD'));
});
