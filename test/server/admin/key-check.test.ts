import t from 'tap';
import { adminSetting } from '../../support/admin-setting.ts';
import { publicKey } from '../../support/public-keys.ts';

t.test('a sound key is told, whoever asks', async (t) => {
  const { run, keys } = adminSetting();
  const { line, fingerprint } = publicKey();
  const as = { role: 'machine', principal: 'ci' } as const;
  t.match(await run('key check', as, `${line} ana@home`), {
    status: 0,
    stdout: [/sound/, new RegExp(fingerprint.replace(/[+/]/g, '\\$&')), /ed25519 256/, /ana@home/],
  });
  t.same(JSON.parse((await run('key check - --json', as, line)).stdout.join('')), {
    ok: true,
    fingerprint,
    type: 'ssh-ed25519',
    bits: 256,
    comment: '',
    application: null,
    publicKey: line,
  });
  t.same([...keys.all()], []);
});

t.test('what is wrong is told', async (t) => {
  const { run } = adminSetting();
  for (const text of [
    '',
    'ssh-ed25519 AAAA',
    `restrict ${publicKey().line}`,
    '-----BEGIN RSA PRIVATE KEY-----',
  ])
    t.match(await run('key check', {}, text), { status: 1, stdout: [] }, text);
});
