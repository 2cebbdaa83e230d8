import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { removeAgent } from '../../../client/agent-setup/remove-agent.ts';
import { runProgramToEnd, type RunProgram } from '../../../client/agent-setup/run-program.ts';
import { fileTree } from '../../support/file-tree.ts';
import { sshdPlace } from '../../support/sshd-place.ts';

t.test('what a setup left that was cut off goes as well', async (t) => {
  const places = sshdPlace(t);
  const untouched = fileTree(places.root);
  mkdirSync(join(places.dir, 'principals'), { recursive: true });
  writeFileSync(join(places.dir, 'principals', 'dev'), '');
  writeFileSync(join(places.dir, 'principals', 'dev.porthole-old'), '');
  writeFileSync(join(places.dir, 'machine_ca.pub'), '');
  t.match(await removeAgent({ places, reload: { kind: 'none' } }, runProgramToEnd), { kind: 'done' });
  t.same(fileTree(places.root), untouched);
});

t.test('what fails takes nothing away', async (t) => {
  const places = sshdPlace(t);
  mkdirSync(places.dir);
  writeFileSync(join(places.dir, 'agent.json'), '{}');
  const before = fileTree(places.root);
  const noPidFile = { kind: 'pid-file', path: undefined } as const;
  const answering =
    (settings: string | undefined): RunProgram =>
    (_file, words) =>
      Promise.resolve({
        code: words.includes('-T') && settings === undefined ? 1 : 0,
        stdout: settings ?? '',
        stderr: 'no',
      });
  for (const run of [answering(undefined), answering('pidfile none\n')]) {
    t.match(await removeAgent({ places, reload: noPidFile }, run), { kind: 'refused' });
    t.same(fileTree(places.root), before);
  }
  const breaking: RunProgram = () => Promise.reject(new Error('broken'));
  t.match(await removeAgent({ places, reload: noPidFile }, breaking), { kind: 'refused', reason: /broken/ });
  t.same(fileTree(places.root), before);
});
