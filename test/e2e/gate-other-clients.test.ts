import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fingerprint } from '../../core/fingerprint.ts';
import { JumpTeam, over } from '../support/jump.ts';
import { digestOf, randomFile } from '../support/random-file.ts';
import { scratchDir } from '../support/scratch-dir.ts';

const team = await JumpTeam.start(t);
const { machine } = await team.machine();
const port = String(team.gateway.port);
const dir = scratchDir(t);
const sent = join(dir, 'sent');
const digest = await randomFile(sent, 3_000_000);
const login = `${machine.user}@pr-1`;

t.test('dbclient jumps by itself, and by a proxy program', async (t) => {
  const key = join(dir, 'id_dropbear');
  execFileSync('dropbearconvert', ['openssh', 'dropbear', team.keys.ana.path, key], { stdio: 'pipe' });
  const fixed = ['-y', '-y', '-T', '-i', key];
  const hops = `engineer@127.0.0.1/${port},${login}`;
  // It starts itself once more, by the name that it was started with.
  const path = execFileSync('which', ['dbclient'], { encoding: 'utf8' }).trim();
  const byItself = await team.ran(path, [...fixed, hops, 'echo there; exit 6']);
  t.match(byItself, { code: 6, stdout: 'there\n' });

  const program = `ssh -F ${team.config('ana')} -W pr-1:22 gw`;
  const byProgram = team.program('dbclient', [
    ...fixed,
    '-J',
    program,
    login,
    `cat > ${machine.dir}/dropbear`,
  ]);
  byProgram.child.stdin.write(readFileSync(sent));
  t.match(await over(byProgram), { code: 0 });
  t.equal(await digestOf(join(machine.dir, 'dropbear')), digest);
});

t.test('plink jumps with -nc', async (t) => {
  const ppk = join(dir, 'id.ppk');
  execFileSync('puttygen', [team.keys.ana.path, '-O', 'private', '-o', ppk], { stdio: 'pipe' });
  const listening = await team.gateway.line((line) => line.msg === 'listening');
  const jump = [
    ...['plink', '-batch', '-ssh', '-hostkey', String(listening['hostKey']), '-i', ppk, '-P', port],
    ...['-nc', '%host:%port', 'engineer@127.0.0.1'],
  ].join(' ');
  const [hostKey] = machine.hostKeys;
  const fixed = ['-batch', '-ssh', '-hostkey', fingerprint(hostKey?.blob ?? Buffer.alloc(0)), '-i', ppk];
  const plink = team.program('plink', [
    ...[...fixed, '-proxycmd', jump, login],
    `cat > ${machine.dir}/putty; echo there; exit 6`,
  ]);
  plink.child.stdin.write(readFileSync(sent));
  t.match(await over(plink), { code: 6, stdout: 'there\n' });
  t.equal(await digestOf(join(machine.dir, 'putty')), digest);
});
