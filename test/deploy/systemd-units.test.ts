import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { scratchDir } from '../support/scratch-dir.ts';

const folder = fileURLToPath(new URL('../../deploy/systemd', import.meta.url));
const units = globSync(join(folder, '*'));

t.test('the units are what systemd understands', async (t) => {
  const directory = scratchDir(t);
  // Systemd looks for the programs too, which need not be installed here.
  const copies = units.map((unit) => {
    const copy = join(directory, basename(unit));
    writeFileSync(copy, readFileSync(unit, 'utf8').replaceAll(/\/usr\/(local\/)?bin\/[\w-]+/g, '/bin/true'));
    return copy;
  });
  t.ok(copies.length > 0);
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...copies], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  t.equal(`${stdout}${stderr}`, '');
  t.equal(status, 0);
});
