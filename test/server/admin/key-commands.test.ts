import t from 'tap';
import { PortholeError } from '../../../core/errors.ts';
import { adminSetting, givenAt } from '../../support/admin-setting.ts';
import { storedKey } from '../../support/memory-keys.ts';

const day = 86_400_000;
const laptop = storedKey({
  fingerprint: 'SHA256:laptop1',
  principal: 'ana',
  name: 'laptop',
  envPatterns: ['pr-*'],
});
const phone = storedKey({ fingerprint: 'SHA256:phone11', principal: 'ana', name: 'phone', preferred: true });
const root = storedKey({ fingerprint: 'SHA256:root111', principal: 'root', name: 'root', role: 'admin' });

t.test('each command changes its key, and is noted', async (t) => {
  const cases = [
    ['key rename laptop desk', { name: 'desk' }, 'key.rename'],
    ['key prefer laptop', { preferred: true }, 'key.prefer'],
    ['key unprefer phone', { preferred: false }, 'key.unprefer'],
    ['key expire laptop 30d', { expiresAt: givenAt + 30 * day }, 'key.expire'],
    ['key expire laptop now', { expiresAt: givenAt }, 'key.expire'],
    ['key expire laptop never', { expiresAt: undefined }, 'key.expire'],
    ['key revoke laptop', { revokedAt: givenAt, revokedReason: '' }, 'key.revoke'],
    ['key revoke laptop --reason gone', { revokedReason: 'gone' }, 'key.revoke'],
  ] as const;
  for (const [words, change, action] of cases) {
    const { run, keys } = adminSetting({ keys: [laptop, phone, root] });
    const print = words.includes('phone') ? phone.fingerprint : laptop.fingerprint;
    const { status, stdout } = await run(`${words} --json`);
    t.equal(status, 0, words);
    t.match(keys.byFingerprint(print), change);
    t.match(JSON.parse(stdout.join('')), { fingerprint: print });
    t.match(keys.audit, [
      {
        action,
        principal: 'root',
        target: /^ana\/(?:laptop|phone)$/,
        result: 'ok',
        detail: { subject: print },
      },
    ]);
  }
});

t.test('one is preferred, and the one before it is not any more', async (t) => {
  const { run, keys } = adminSetting({ keys: [laptop, phone] });
  await run('key prefer laptop');
  t.equal(keys.byFingerprint(phone.fingerprint)?.preferred, false);
});

t.test('a key is removed, and nothing of it is known any more', async (t) => {
  const { run, keys } = adminSetting({ keys: [laptop, root] });
  t.match(JSON.parse((await run('key rm laptop --json')).stdout.join('')), { name: 'laptop', removed: true });
  t.equal(keys.byFingerprint(laptop.fingerprint), undefined);
  t.match(await run('key show laptop'), { status: 1 });
});

t.test('answers are sentences for people', async (t) => {
  const { run } = adminSetting({ keys: [laptop, root] });
  t.match(await run('key expire laptop 2m'), {
    stdout: ['ana/laptop expires 2026-11-22 15:02:00 UTC (in 2 minutes)'],
  });
  t.match(await run('key expire laptop never'), { stdout: ['ana/laptop never expires'] });
  t.match(await run('key revoke laptop'), { stdout: [/^ana\/laptop is revoked/] });
  t.match(await run('key revoke laptop'), { status: 1, stderr: [/revoked 2026-11-22 15:00:00 UTC already/] });
  t.match(await run('key expire laptop 5m'), { stderr: [/stays so/] });
});

t.test('whoever revokes the key that they are logged in with is told so', async (t) => {
  const { run } = adminSetting({ keys: [laptop, root] });
  const as = { role: 'member', principal: 'ana', fingerprint: laptop.fingerprint } as const;
  t.match(await run('key revoke laptop', as), { status: 0, stderr: [/logged in with/] });
});

t.test('the last admin key stays', async (t) => {
  for (const words of ['key rm root', 'key revoke root', 'key expire root now']) {
    const { run, keys } = adminSetting({ keys: [laptop, root] });
    const { status, stderr } = await run(words);
    t.equal(status, 1, words);
    t.match(stderr.join(''), /last key of an admin/);
    t.same(keys.byFingerprint(root.fingerprint), root);
  }
});

t.test('a member makes nothing last longer than the key that they came with, or more powerful', async (t) => {
  const expired = { ...laptop, role: 'admin', expiresAt: givenAt - day } as const;
  const wide = { ...phone, expiresAt: givenAt + day, envPatterns: ['*'] };
  const own = { ...laptop, fingerprint: 'SHA256:own1111', name: 'own', expiresAt: givenAt + 5 * day };
  const as = {
    role: 'member',
    principal: 'ana',
    envPatterns: ['pr-*'],
    fingerprint: own.fingerprint,
    expiresAt: own.expiresAt,
  } as const;
  const { run, refused } = adminSetting({ keys: [expired, wide, own, root] });
  for (const words of [
    'key expire own never',
    'key expire own 6d',
    'key expire laptop 1d',
    'key expire phone 2d',
  ])
    t.match(await run(words, as), { status: 3 }, words);
  t.equal(refused.length, 4);
  for (const words of ['key expire own 4d', 'key expire phone 1h', 'key expire phone now'])
    t.match(await run(words, as), { status: 0 }, words);
});

t.test('a member cannot make it forgotten that a key was revoked', async (t) => {
  const { run, keys } = adminSetting({ keys: [{ ...laptop, revokedAt: 1, revokedReason: '' }, root] });
  t.match(await run('key rm laptop', { role: 'member', principal: 'ana' }), { status: 3 });
  t.ok(keys.byFingerprint(laptop.fingerprint));
  t.match(await run('key rm laptop'), { status: 0 });
});

t.test("the operator's file is not changed from here", async (t) => {
  const { run } = adminSetting({ fileKeys: [{ ...laptop, source: 'file' }] });
  t.match(await run('key show laptop'), { status: 0 });
  for (const words of ['key rm laptop', 'key revoke laptop', 'key rename laptop x', 'key expire laptop 1d'])
    t.match(await run(words), { status: 1, stderr: [/file of authorized keys: change it there/] }, words);
});

t.test('a name that is taken, and a store that cannot be written', async (t) => {
  const { run, keys, log } = adminSetting({ keys: [laptop, phone, root] });
  t.match(await run('key rename laptop phone'), { status: 1, stderr: [/phone already/] });
  keys.failure = new PortholeError('ERR_STORE_UNAVAILABLE', {
    message: 'the disk is full; nothing was changed',
  });
  t.match(await run('key revoke laptop'), {
    status: 1,
    stdout: [],
    stderr: ['the disk is full; nothing was changed'],
  });
  t.equal(keys.byFingerprint(laptop.fingerprint)?.revokedAt, undefined);
  keys.failure = new Error('secret inside');
  const { status, stderr } = await run('key revoke laptop');
  t.equal(status, 1);
  t.notMatch(stderr.join(''), /secret/);
  t.match(log.at(-1), { level: 'error', command: 'key revoke' });
});

t.test('what will be is told before it is', async (t) => {
  const other = { ...root, fingerprint: 'SHA256:root222', name: 'other', expiresAt: givenAt + day };
  const { run } = adminSetting({ keys: [root, other], fileKeys: [{ ...laptop, source: 'file' }] });
  t.match(await run('key expire root 1h'), { stderr: [] });
  t.match(await run('key expire root 2d'), {
    status: 0,
    stderr: [/no other key of an admin is good for longer/],
  });
  t.match(await run('key expire root never'), { stderr: [] });
  const both = adminSetting({ keys: [laptop, root], fileKeys: [{ ...laptop, source: 'file' }] });
  t.match(await both.run('key rm laptop', { role: 'member', principal: 'ana' }), { status: 3 });
  t.match(await both.run('key rm laptop'), { status: 0, stderr: [/file of authorized keys has it too/] });
});

t.test('times that cannot be', async (t) => {
  const { run } = adminSetting({ keys: [laptop, root] });
  for (const when of ['2020-01-01', '5000d', 'tomorrow', '2027-01-01T10:00'])
    t.match(await run(`key expire laptop ${when}`), { status: 2 }, when);
});
