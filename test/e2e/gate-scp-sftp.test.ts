import { join } from 'node:path';
import t from 'tap';
import { JumpTeam, over } from '../support/jump.ts';
import { digestOf, randomFile } from '../support/random-file.ts';
import { scratchDir } from '../support/scratch-dir.ts';

const team = await JumpTeam.start(t);
const { machine } = await team.machine();
const config = team.config('ana');
const dir = scratchDir(t);
const sizes = [0, 1, 64 << 20];

for (const bytes of sizes) {
  const digest = await randomFile(join(dir, `sent-${String(bytes)}`), bytes);

  for (const [protocol, flags] of [
    ['scp', []],
    ['scp -O', ['-O']],
  ] as const) {
    t.test(`${protocol} copies ${String(bytes)} bytes there and back`, async (t) => {
      const [there, back] = [
        join(machine.dir, `there-${String(bytes)}`),
        join(dir, `back-${String(bytes)}${protocol}`),
      ];
      const words = ['-q', ...flags, '-F', config];
      const up = await team.ran('scp', [...words, join(dir, `sent-${String(bytes)}`), `pr-1:${there}`]);
      t.same(up, { code: 0, stdout: '', stderr: '' });
      t.equal(await digestOf(there), digest);
      const down = await team.ran('scp', [...words, `pr-1:${there}`, back]);
      t.same(down, { code: 0, stdout: '', stderr: '' });
      t.equal(await digestOf(back), digest);
    });
  }

  t.test(`sftp copies ${String(bytes)} bytes there and back`, async (t) => {
    const [there, back] = [
      join(machine.dir, `sftp-${String(bytes)}`),
      join(dir, `sftp-back-${String(bytes)}`),
    ];
    const sftp = team.program('sftp', ['-q', '-b', '-', '-F', config, 'pr-1']);
    sftp.write(`put ${join(dir, `sent-${String(bytes)}`)} ${there}\nget ${there} ${back}\nls -l ${there}\n`);
    const { code, stderr } = await over(sftp);
    t.same({ code, stderr }, { code: 0, stderr: '' });
    t.equal(await digestOf(there), digest);
    t.equal(await digestOf(back), digest);
  });
}

t.test('keys are exchanged again and again on both hops', async (t) => {
  const often = team.config('ana', ['Host *', '  RekeyLimit 1M']);
  const file = join(dir, 'rekeyed');
  const digest = await randomFile(file, 20 << 20);
  const there = join(machine.dir, 'rekeyed');
  t.match(await team.ran('scp', ['-q', '-F', often, file, `pr-1:${there}`]), { code: 0 });
  t.equal(await digestOf(there), digest);
  t.match(await team.ran('scp', ['-q', '-F', often, `pr-1:${there}`, `${file}-back`]), { code: 0 });
  t.equal(await digestOf(`${file}-back`), digest);
});

t.test('what is not there is told as ever', async (t) => {
  const { code, stderr } = await team.ran('scp', ['-q', '-F', config, 'pr-1:/nowhere/at/all', dir]);
  t.equal(code, 1);
  t.match(stderr, /No such file or directory/);
});
