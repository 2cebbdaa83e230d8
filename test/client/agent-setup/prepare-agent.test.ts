import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { prepareAgent, sshdOf, type SetupWish } from '../../../client/agent-setup/prepare-agent.ts';
import { runProgramToEnd } from '../../../client/agent-setup/run-program.ts';
import { fileTree } from '../../support/file-tree.ts';
import { sshdPlace } from '../../support/sshd-place.ts';

const wish: Omit<SetupWish, 'places'> = {
  targetId: '11111111-2222-3333-4444-555555555555',
  osUsers: ['root'],
  longestCertificateMs: undefined,
  ca: 'ssh-ed25519 AAAA machines',
  maxStartups: undefined,
  reload: { kind: 'none' },
  force: false,
};

t.test('what a setup comes to, with nothing written', async (t) => {
  const places = sshdPlace(t);
  const before = fileTree(places.root);
  const prepared = await prepareAgent({ ...wish, places }, sshdOf(places, runProgramToEnd));
  t.match(prepared, {
    ok: true,
    notes: [],
    plan: { dropIn: { path: join(places.included, '60-porthole.conf') } },
  });
  t.same(fileTree(places.root), before);
});

t.test('a configuration that includes nothing', async (t) => {
  const places = sshdPlace(t);
  const sshd = sshdOf(places, runProgramToEnd);
  writeFileSync(places.sshdConfig, 'UsePAM no\nHostKey /etc/ssh/ssh_host_ed25519_key\n');
  t.match(await prepareAgent({ ...wish, places }, sshd), {
    ok: false,
    problem: /put the line "Include .*sshd_config\.d/,
  });
  const shown = await prepareAgent({ ...wish, places }, sshd, 'print');
  t.match(shown, { ok: true, plan: { dropIn: { path: join(places.included, '60-porthole.conf') } } });
});

t.test('an sshd that tells nothing', async (t) => {
  const places = sshdPlace(t);
  const mute = sshdOf(places, (_file, words) =>
    Promise.resolve({ code: words.includes('-T') ? 1 : 0, stdout: '', stderr: 'no' }),
  );
  t.match(await prepareAgent({ ...wish, places }, mute), {
    ok: false,
    problem: /does not tell its settings: no/,
  });
});

t.test('an exemption of another hand', async (t) => {
  const places = sshdPlace(t);
  const sshd = sshdOf(places, (_file, words) =>
    Promise.resolve({
      code: 0,
      stdout: words.includes('-T') ? 'persourcepenaltyexemptlist 10.0.0.0/8\n' : '',
      stderr: '',
    }),
  );
  const prepared = await prepareAgent({ ...wish, places }, sshd);
  t.match(prepared, { ok: true, notes: [/PerSourcePenaltyExemptList is 10\.0\.0\.0\/8: add 127\.0\.0\.1/] });
  t.notMatch(prepared.ok && prepared.plan.dropIn.text, /ExemptList/);
});
