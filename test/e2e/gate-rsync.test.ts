import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { JumpTeam } from '../support/jump.ts';
import { digestOf, randomFile } from '../support/random-file.ts';
import { scratchDir } from '../support/scratch-dir.ts';

t.test('rsync copies a tree, and then only what changed', async (t) => {
  const team = await JumpTeam.start(t);
  const { machine } = await team.machine();
  const [from, to, back] = [scratchDir(t), join(machine.dir, 'tree'), join(scratchDir(t), 'back')];
  mkdirSync(join(from, 'folder'));
  for (let i = 0; i < 200; i++)
    writeFileSync(join(from, 'folder', `file ${String(i)}`), `content ${String(i)}\n`);
  const digest = await randomFile(join(from, 'large'), 8 << 20);
  const rsync = (...words: readonly string[]) =>
    team.ran('rsync', ['-a', '--delete', '--stats', '-e', `ssh -F ${team.config('ana')}`, ...words]);
  const sent = (stats: string): number =>
    Number(/Literal data: ([\d,]+)/.exec(stats)?.[1]?.replaceAll(',', ''));

  const first = await rsync(`${from}/`, `pr-1:${to}/`);
  t.same([first.code, first.stderr], [0, '']);
  t.equal(await digestOf(join(to, 'large')), digest);
  t.equal(readFileSync(join(to, 'folder', 'file 199'), 'utf8'), 'content 199\n');

  // A newer time makes it look, the checksums of its blocks let it send one of them.
  const file = join(from, 'large');
  const bytes = readFileSync(file);
  bytes.fill(0, 1_000_000, 1_000_100);
  writeFileSync(file, bytes);
  const second = await rsync('--no-whole-file', '--ignore-times', `${from}/`, `pr-1:${to}/`);
  t.equal(second.code, 0);
  t.ok(sent(second.stdout) < 1 << 20, 'only what changed');
  t.equal(await digestOf(join(to, 'large')), await digestOf(file));

  const third = await rsync(`pr-1:${to}/`, `${back}/`);
  t.same([third.code, third.stderr], [0, '']);
  t.equal(await digestOf(join(back, 'large')), await digestOf(file));
});
