import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readAgentFacts } from '../../../client/agent-setup/agent-facts.ts';
import { agentStatus } from '../../../client/agent-setup/agent-status.ts';
import type { SetupWish } from '../../../client/agent-setup/prepare-agent.ts';
import { removeAgent } from '../../../client/agent-setup/remove-agent.ts';
import { runProgramToEnd, type RunProgram } from '../../../client/agent-setup/run-program.ts';
import { setUpAgent } from '../../../client/agent-setup/set-up-agent.ts';
import { fileTree } from '../../support/file-tree.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { sshdPlace, type SshdPlace } from '../../support/sshd-place.ts';

const targetId = '11111111-2222-3333-4444-555555555555';
const ca = `${makeKey(t).line} machines`;

function wishFor(places: SshdPlace, more: Partial<SetupWish> = {}): SetupWish {
  return {
    places,
    targetId,
    osUsers: ['root'],
    longestCertificateMs: undefined,
    ca,
    maxStartups: undefined,
    reload: { kind: 'none' },
    force: false,
    ...more,
  };
}

/** What sshd says of an option that this one does not know. */
const newerSshd: RunProgram = async (file, words, as) => {
  const at = words.findIndex((word) => word.startsWith('PerSourcePenaltyExemptList'));
  return runProgramToEnd(file, at === -1 ? words : words.slice(0, at - 1), as);
};

t.test('written, in effect, and taken away again', async (t) => {
  const places = sshdPlace(t);
  const untouched = fileTree(places.root);
  t.same(await agentStatus(places, runProgramToEnd), { kind: 'none' });
  const done = await setUpAgent(wishFor(places), runProgramToEnd);
  t.match(done, { kind: 'done', changed: true, reloaded: { kind: 'not-wanted' }, notes: [] });
  t.match(readAgentFacts(places.dir), { targetId, osUsers: ['root'], ca, sshdConfig: places.sshdConfig });
  t.match(await agentStatus(places, runProgramToEnd), { kind: 'set-up', problem: undefined });
  t.equal(readFileSync(join(places.dir, 'principals', 'root'), 'utf8'), `vm:${targetId}/root\n`);
  t.notOk(existsSync(join(places.dir, 'principals-command')));

  writeFileSync(join(places.dir, 'notes'), 'by hand');
  const removed = await removeAgent(wishFor(places), runProgramToEnd);
  t.match(removed, { kind: 'done' });
  t.equal(readFileSync(join(places.dir, 'notes'), 'utf8'), 'by hand', 'what is not ours stays');
  const left = fileTree(places.root).filter((line) => !line.startsWith('porthole'));
  t.same(left, untouched);
  t.same(await removeAgent(wishFor(places), runProgramToEnd), { kind: 'nothing' });
});

t.test('from names in files to a program that is asked, and back', async (t) => {
  const places = sshdPlace(t);
  const files = wishFor(places, { osUsers: ['nobody', 'root'] });
  t.match(await setUpAgent(files, runProgramToEnd), { kind: 'done' });
  const before = fileTree(places.root);
  const asked = wishFor(places, { osUsers: [], longestCertificateMs: 300_000 });
  t.match(await setUpAgent(asked, runProgramToEnd), { kind: 'done', changed: true });
  t.notOk(existsSync(join(places.dir, 'principals', 'root')));
  t.match(
    readFileSync(join(places.included, '60-porthole.conf'), 'utf8'),
    /^AuthorizedPrincipalsFile none$/m,
  );
  t.match(await agentStatus(places, runProgramToEnd), { kind: 'set-up', problem: undefined });
  t.match(await setUpAgent(files, runProgramToEnd), { kind: 'done', changed: true });
  t.same(fileTree(places.root), before);
  t.match(await setUpAgent(files, runProgramToEnd), { kind: 'done', changed: false });
});

t.test('whatever fails, all is as it was', async (t) => {
  const places = sshdPlace(t);
  const wish = wishFor(places);
  const fails = async (
    reason: RegExp,
    more: Partial<SetupWish> = {},
    run = runProgramToEnd,
  ): Promise<void> => {
    const before = fileTree(places.root);
    t.match(await setUpAgent({ ...wish, ...more }, run), { kind: 'refused', reason });
    t.same(fileTree(places.root), before, String(reason));
  };
  places.configure(['Nonsense yes']);
  await fails(/does not take its own configuration as it is: .*Nonsense/);
  places.configure(['Match User root', '  AuthorizedPrincipalsFile /etc/other']);
  await fails(/authorizedprincipalsfile is \/etc\/other for root, and not .*All is as it was before/);
  places.configure(['TrustedUserCAKeys /etc/other']);
  await fails(/trustedusercakeys \/etc\/other already/);
  places.configure();
  writeFileSync(join(places.included, '10-other.conf'), `TrustedUserCAKeys ${places.sshdConfig}\n`);
  await fails(/says so first/, { force: true });
  writeFileSync(join(places.included, '10-other.conf'), '# nothing\n');
  await fails(/does not take it/, { maxStartups: '1:1000:1' });

  // A service that does not come up with it is told again, with what was there before.
  const units: string[] = [];
  const service: RunProgram = (file, words, as) => {
    if (file !== 'systemctl') return runProgramToEnd(file, words, as);
    units.push(words.join(' '));
    const code = words[0] === 'reload' ? 1 : 0;
    return Promise.resolve({ code, stdout: '', stderr: 'Job failed' });
  };
  mkdirSync(join(places.root, 'systemd'));
  await fails(/Job failed/, { reload: { kind: 'service', isSystemd: () => true } }, service);
  t.equal(units.filter((unit) => unit === 'reload ssh.service').length, 2);

  const noNobody: RunProgram = (file, words, as) =>
    file === 'id' ? Promise.resolve({ code: 1, stdout: '', stderr: '' }) : runProgramToEnd(file, words, as);
  await fails(/no user nobody/, { longestCertificateMs: 60_000 }, noNobody);

  t.match(await setUpAgent(wish, runProgramToEnd), { kind: 'done' });
  places.configure([
    'Match User nobody',
    '  TrustedUserCAKeys none',
    '  AuthorizedPrincipalsFile /etc/other',
  ]);
  await fails(/for nobody/, { osUsers: ['nobody', 'root'], targetId: targetId.replace('1', '2') });
  places.configure(['Nonsense yes']);
  const before = fileTree(places.root);
  t.match(await removeAgent(wish, runProgramToEnd), { kind: 'refused' });
  t.same(fileTree(places.root), before);
});

t.test('a directory where others write is not used, nor one that cannot be written', async (t) => {
  const places = sshdPlace(t);
  const outside = { ...places, dir: '/tmp/porthole-nowhere' };
  const wish = wishFor(places, { places: outside, longestCertificateMs: 60_000 });
  t.match(await setUpAgent(wish, runProgramToEnd), {
    kind: 'refused',
    reason: /\/tmp can be written by others/,
  });
  t.notOk(existsSync(outside.dir));
  const missing = wishFor(places, { places: { ...places, dir: join(places.root, 'a', 'b') } });
  t.match(await setUpAgent(missing, runProgramToEnd), { kind: 'refused', reason: /ENOENT/ });
  const elsewhere = wishFor(places, { places: { ...places, dropIn: '/etc/other.conf' } });
  t.match(await setUpAgent(elsewhere, runProgramToEnd), {
    kind: 'refused',
    reason: /includes no \/etc\/other/,
  });
});

t.test('what is said of many logins at once', async (t) => {
  const places = sshdPlace(t);
  const dropIn = async (more: Partial<SetupWish> = {}, run = runProgramToEnd) => {
    const outcome = await setUpAgent(wishFor(places, more), run);
    const path = join(places.included, '60-porthole.conf');
    return { outcome, text: existsSync(path) ? readFileSync(path, 'utf8') : '' };
  };
  const first = await dropIn();
  t.match(first.text, /^MaxStartups 100:30:200$/m);
  t.notMatch(first.text, /PerSourcePenalty/, 'this sshd does not know it');
  t.match((await dropIn()).text, /^MaxStartups 100:30:200$/m, 'its own word is not that of another');
  t.notMatch((await dropIn({ maxStartups: 'keep' })).text, /MaxStartups/);
  t.match((await dropIn({ maxStartups: '50:30:60' })).text, /^MaxStartups 50:30:60$/m);
  await removeAgent(wishFor(places), runProgramToEnd);
  places.configure(['MaxStartups 200:10:300', 'PerSourceMaxStartups 5', 'PubkeyAuthentication no']);
  const roomy = await dropIn();
  t.notMatch(roomy.text, /MaxStartups/);
  t.match(roomy.outcome, { notes: [/PerSourceMaxStartups is 5/, /PubkeyAuthentication is no/] });
});

t.test('an sshd that penalises sources is told to spare this machine itself', async (t) => {
  const places = sshdPlace(t);
  const shown = await setUpAgent(wishFor(places), async (file, words, as) => {
    // The option is new, and this machine's sshd would refuse the file with it.
    const config = words[words.indexOf('-f') + 1] ?? '';
    const path = join(places.included, '60-porthole.conf');
    const isWritten = [path, join(places.dir, 'trial.conf')].filter((each) => existsSync(each));
    for (const each of isWritten) {
      const text = readFileSync(each, 'utf8');
      t.match(text, /PerSourcePenaltyExemptList 127\.0\.0\.0\/8,::1\/128$/m, config);
      writeFileSync(each, text.replace(/^PerSource/m, '#PerSource'));
    }
    return newerSshd(file, words, as);
  });
  t.match(shown, { kind: 'done' });
});
