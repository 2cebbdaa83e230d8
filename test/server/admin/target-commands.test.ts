import t from 'tap';
import { gateSetting, member, type GateSetting } from '../../support/gate-setting.ts';
import { someHostKey, someProfile, someTarget, targetId } from '../../support/memory-book.ts';
import { publicKey } from '../../support/public-keys.ts';

const key = publicKey();
const ana = member('ana');
const unconfirmed = { hostKeys: [key.line], machineKey: 'SHA256:new', at: 1000 };
const set = (overrides = {}): GateSetting =>
  gateSetting({
    targets: [someTarget(overrides), someTarget({ id: targetId(7), name: 'other' })],
    profiles: [someProfile()],
    environments: { 'pr-42': 'ana' },
    online: [targetId(42)],
  });

t.test('rename', async (t) => {
  const { run, book } = set();
  t.match(await run('target rename pr-42 PR-Shop', ana), {
    status: 0,
    stdout: ['pr-42 is called pr-shop now'],
    stderr: [/ssh_config/],
  });
  t.match(book.target(targetId(42)), { name: 'pr-shop' });
  t.match(book.audit, [
    { action: 'target.rename', target: 'pr-42', detail: { name: 'pr-shop', id: targetId(42) } },
  ]);
  t.match(await run('target rename pr-shop other'), { status: 1, stderr: ['the name other is taken'] });
  t.match(await run('target rename pr-shop bastion', ana), {
    status: 1,
    stderr: ['this key may not use the name bastion, only pr-*'],
  });
  t.match(await run('target rename pr-shop a--b', ana), { status: 2 });
  t.match(await run('target rename pr-shop mine', member('eve')), { status: 3 });
});

t.test('set: each by itself, and what is taken away', async (t) => {
  const { run, book } = set();
  const now = (): unknown => book.target(targetId(42));
  t.match(await run('target set pr-42 --os-user dev --certificates yes', ana), { status: 0, stderr: [] });
  t.match(now(), { osUser: 'dev', takesCertificates: true, reach: 'members' });
  t.match(await run('target set pr-42 --os-user - --reach owner --service db --service DB', ana), {
    status: 0,
    stdout: ['changed pr-42'],
    stderr: [/ssh is not among these/, /is out in a moment/],
  });
  t.match(now(), { reach: 'owner', services: ['db'] });
  t.notOk('osUser' in (book.target(targetId(42)) ?? {}));
  t.match(await run('target set pr-42 --all-services --certificates no', ana), { status: 0 });
  t.match(now(), { services: [], takesCertificates: false });
  t.match(await run('target set pr-42 --all-services --service ssh', ana), { status: 2 });
  t.match(await run('target set pr-42', ana), { status: 2, stderr: [/nothing to set/] });
  for (const wrong of ['--os-user root;id', '--reach all', '--service 80', '--certificates maybe'])
    t.match(await run(['target', 'set', 'pr-42', ...wrong.split(/ (.*)/s, 2)], ana), { status: 2 }, wrong);
});

t.test('trust pins what it says now, by a person only', async (t) => {
  const { run, book } = set({ unconfirmed });
  t.match(await run('target trust pr-42', { ...ana, role: 'machine' }), { status: 3 });
  t.match(await run('target trust pr-42', member('eve')), { status: 3 });
  t.match(book.target(targetId(42)), { hostKeys: [someHostKey] });
  const { stdout } = await run('target trust pr-42', ana);
  t.match(stdout, [/is trusted with these/, `  ${key.fingerprint} (ED25519)`, 'instead of:', /^ {2}SHA256:/]);
  t.match(book.target(targetId(42)), { hostKeys: [key.line], machineKey: 'SHA256:new' });
  t.notOk('unconfirmed' in (book.target(targetId(42)) ?? {}));
  t.match(book.audit, [{ action: 'target.trust', detail: { now: [key.fingerprint], before: [/^SHA256/] } }]);
  t.match(await run('target trust pr-42 --json', ana), { status: 0, stdout: [/"changed":false/] });
  t.match(await run('target trust pr-42', ana), {
    status: 0,
    stdout: [/nothing to confirm/, /^ {2}SHA256:/],
  });
  t.equal(book.audit.length, 1);
});

t.test('rm takes its profiles with it', async (t) => {
  const { run, book } = set();
  t.match(await run('target rm pr-42', member('eve')), { status: 3 });
  t.match(await run('target rm pr-42', ana), {
    status: 0,
    stdout: [/^removed pr-42/],
    stderr: [/comes back/],
  });
  t.match(await run('target rm other', ana), { status: 0, stderr: [] });
  t.equal(book.target(targetId(42)), undefined);
  t.same(book.profilesOf('eve'), []);
});
