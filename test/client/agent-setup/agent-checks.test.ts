import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  conflicts,
  notInEffect,
  readIfThere,
  scriptProblem,
  unsafePlace,
} from '../../../client/agent-setup/agent-checks.ts';
import { planAgent } from '../../../client/agent-setup/agent-files.ts';
import { principalsScript } from '../../../client/agent-setup/principals-script.ts';
import { runProgramToEnd } from '../../../client/agent-setup/run-program.ts';
import { Sshd } from '../../../client/agent-setup/sshd.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { sshdPlace } from '../../support/sshd-place.ts';

const targetId = '11111111-2222-3333-4444-555555555555';

function planIn(dir: string, longestCertificateMs?: number) {
  return planAgent({
    ...{ dir, targetId, osUsers: ['root'], longestCertificateMs, ca: 'ssh-ed25519 AAAA' },
    ...{ sshdConfig: '/x', dropIn: '/x.d/60-porthole.conf', maxStartups: undefined, exemptsLoopback: false },
  });
}

t.test('settings of another hand', async (t) => {
  const plan = planIn('/etc/ssh/porthole');
  const before = (value: string) => new Map([['trustedusercakeys', value]]);
  t.same(conflicts(new Map(), plan), []);
  t.same(conflicts(before('none'), plan), []);
  t.same(conflicts(before('/etc/ssh/porthole/machine_ca.pub'), plan), [], 'our own');
  t.same(conflicts(before('/etc/ca.pub'), plan), ['trustedusercakeys /etc/ca.pub']);
  const program = new Map([['authorizedprincipalscommand', '/etc/ssh/porthole/principals-command %u %t %k']]);
  t.same(conflicts(program, plan), [], 'our own, of another setup');
});

t.test('what is written and has no effect', async (t) => {
  const places = sshdPlace(t);
  const sshd = new Sshd({ program: places.sshd, config: places.sshdConfig, run: runProgramToEnd });
  const plan = planIn(places.dir);
  t.match(await notInEffect(sshd, plan, ['root']), /trustedusercakeys is none, and not/);
  writeFileSync(join(places.included, '60.conf'), plan.dropIn.text);
  t.equal(await notInEffect(sshd, plan, ['root']), undefined);
  places.configure(['Nonsense yes']);
  t.match(await notInEffect(sshd, plan, ['root']), /Nonsense/);
});

t.test('places where others write', async (t) => {
  const { dir, root } = sshdPlace(t);
  mkdirSync(dir);
  t.equal(unsafePlace(dir, planIn(dir), new Map()), undefined);
  chmodSync(root, 0o775);
  t.match(unsafePlace(dir, planIn(dir), new Map()), /can be written by others/);
  t.equal(unsafePlace(dir, planIn(dir), new Map([['strictmodes', 'no']])), undefined);
  t.match(unsafePlace(dir, planIn(dir, 60_000), new Map([['strictmodes', 'no']])), /can be written/);
});

t.test('a program that does not work on this machine', async (t) => {
  const { root } = sshdPlace(t);
  const script = join(root, 'script');
  writeFileSync(script, principalsScript({ targetId, usersDir: undefined, longestMs: undefined }), {
    mode: 0o755,
  });
  t.equal(await scriptProblem(script, runProgramToEnd), undefined);
  writeFileSync(script, '#!/bin/sh\necho 7; echo "awk: not found" >&2\n', { mode: 0o755 });
  t.match(await scriptProblem(script, runProgramToEnd), /awk: not found/);
  writeFileSync(script, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  t.match(await scriptProblem(script, runProgramToEnd), /it gave no answer/);
  t.equal(readIfThere(join(scratchDir(t), 'none')), undefined);
  t.throws(() => readIfThere(root), { code: 'EISDIR' });
});
