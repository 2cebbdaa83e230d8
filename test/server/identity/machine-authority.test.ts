import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { MachineAuthority, machineAuthorityPath } from '../../../server/identity/machine-authority.ts';
import { authorityPath } from '../../../server/identity/own-authority.ts';
import { createLog } from '../../support/log-lines.ts';
import { Program } from '../../support/program.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

t.test('made when it is needed for the first time, and the same from then on', async (t) => {
  const stateDir = scratchDir(t);
  const { log, lines } = createLog();
  const authority = new MachineAuthority({ stateDir, comment: 'machines', log });
  t.notOk(existsSync(machineAuthorityPath(stateDir)), 'nobody has asked');
  const { key } = authority;
  t.equal(authority.key, key);
  t.equal(new MachineAuthority({ stateDir, comment: 'other', log }).key.line, key.line);
  t.equal(readFileSync(`${machineAuthorityPath(stateDir)}.pub`, 'utf8'), `${key.line}\n`);
  t.notOk(existsSync(authorityPath(stateDir)), 'it is not what logs in to the gateway');
  t.match(lines[0], { authority: key.fingerprint });
});

t.test('of several processes that need it at once, all have the same', async (t) => {
  const stateDir = scratchDir(t);
  const module = new URL('../../../server/identity/machine-authority.ts', import.meta.url).href;
  const script = `
    import { MachineAuthority } from ${JSON.stringify(module)};
    process.stdin.once('data', () => {
      const log = { info() {} };
      console.log(new MachineAuthority({ stateDir: ${JSON.stringify(stateDir)}, comment: '', log }).key.line);
      process.exit(0);
    });
    console.log('ready');`;
  const words = ['--input-type=module', '-e', script];
  const programs = [1, 2, 3].map(() => new Program(t, process.execPath, words));
  await Promise.all(programs.map((program) => program.said(/ready/)));
  for (const program of programs) program.write('go\n');
  await Promise.all(programs.map(({ exit }) => exit));
  const [first, ...others] = programs.map(({ stdout }) => stdout.replace('ready', '').trim());
  t.match(first, /^ssh-ed25519 /);
  for (const other of others) t.equal(other, first);
});

t.test('one that cannot be used is an error, and is left as it is', async (t) => {
  const stateDir = scratchDir(t);
  writeFileSync(machineAuthorityPath(stateDir), 'nonsense');
  const { log } = createLog();
  const authority = new MachineAuthority({ stateDir, comment: '', log });
  t.throws(() => authority.key, { code: 'ERR_STATE_DIR' });
  t.equal(readFileSync(machineAuthorityPath(stateDir), 'utf8'), 'nonsense');
  const nowhere = new MachineAuthority({ stateDir: `${stateDir}/none`, comment: '', log });
  t.throws(() => nowhere.key, { code: 'ERR_STATE_DIR' });
});
