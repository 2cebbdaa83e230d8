import { generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import { ben, visitSetting } from '../../support/visit-setting.ts';

t.test('the first line of standard input, as it is', async (t) => {
  const { run, offer, grants, audited } = await visitSetting(t);
  offer({ env: 'pr-42' });
  for (const input of [
    'correct horse ',
    'correct horse \n',
    'correct horse \r\n',
    'correct horse \nmore\n',
  ]) {
    const { stdout, status } = await run('password set pr-42', undefined, input);
    t.equal(status, 0);
    t.same(stdout, ['pr-42 has a password now: https://web--pr-42.preview.test/']);
    t.match(grants.ofEnv('pr-42').at(-1), {
      kind: 'password',
      hash: 'hash of correct horse ',
      expiresAt: undefined,
    });
  }
  const lines = await audited();
  t.match(lines[0], { action: 'password.set', target: 'pr-42' });
  t.notMatch(JSON.stringify(lines), /horse|hash of/);
});

t.test('one takes the place of the other; a service has its own', async (t) => {
  const { run, offer, grants, value } = await visitSetting(t);
  offer({ env: 'pr-42' });
  await run('password set pr-42', undefined, 'password one');
  await run('password set pr-42/web', undefined, 'password two');
  const { stderr } = await run('password set pr-42', undefined, 'password three');
  t.match(stderr, [/password rm pr-42/, /former one is good no longer/]);
  const live = grants.ofEnv('pr-42').filter(({ revokedAt }) => revokedAt === undefined);
  t.same(live.map(({ hash }) => hash).sort(), ['hash of password three', 'hash of password two']);
  t.equal((await value<object[]>('password list')).length, 2);
  const { stdout } = await run('password list');
  t.match(stdout, [/^ID +OPENS +NAME +BY +MADE +LAST USED +STATE$/, /pr-42/, /pr-42/]);
  t.notMatch(stdout.join(), /hash of/);
  t.notMatch(JSON.stringify(await value('password list')), /hash/);
});

t.test('its end', async (t) => {
  const { run, offer, audited } = await visitSetting(t);
  offer({ env: 'pr-42' });
  t.match(await run('password rm pr-42'), { status: 1, stderr: ['pr-42 has no password'] });
  await run('password set pr-42', undefined, 'password one');
  t.match(await run('password rm pr-42/web'), { status: 1 });
  t.match(await run('password rm pr-42'), { status: 0, stdout: [/what was opened with it ends/] });
  t.match(await run('password rm pr-42'), { status: 1 });
  t.match((await audited()).at(-1), { action: 'password.rm', target: 'pr-42' });
});

t.test('one that the gateway makes', async (t) => {
  const { run, value, offer, grants } = await visitSetting(t);
  offer({ env: 'pr-42' });
  const { stdout, stderr } = await run('password set pr-42 --generate', undefined, 'not read');
  t.match(stdout, [/^[a-z2-7]{5}(?:-[a-z2-7]{5}){3}$/]);
  t.match(stderr.join(), /not shown again/);
  t.equal(grants.ofEnv('pr-42')[0]?.hash, `hash of ${stdout[0] ?? ''}`);
  t.match(await value<object>('password set pr-42 --generate'), { password: /^\S{23}$/, replaced: true });
});

t.test('what is no password is not kept, and not repeated', async (t) => {
  const { run, offer, grants, noted } = await visitSetting(t);
  offer({ env: 'pr-42' });
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const cases: readonly (readonly [input: string, told: RegExp])[] = [
    ['', /no password on standard input/],
    ['\nlater', /no password on standard input/],
    ['seven77', /at least 8 characters/],
    ['x'.repeat(257), /longer than 256 bytes/],
    ['with\u0007bell', /control characters/],
    [key, /private key.*nothing of it was kept/],
    [`innocent line\n${key}`, /private key/],
  ];
  for (const [input, told] of cases) {
    const reply = await run('password set pr-42', undefined, input);
    t.equal(reply.status, 2, JSON.stringify(input.slice(0, 20)));
    t.match(reply.stderr[0], told);
    if (input.length > 2) t.notOk(reply.stderr.join('\n').includes(input.slice(0, 30)));
  }
  const word = await run('password set pr-42 hunter2hunter2');
  t.match(word, { status: 2, stderr: [/no word of the command/, /< PASSWORD/] });
  t.notMatch(word.stderr.join(), /hunter2/);
  t.same([...grants.all()], []);
  t.same(noted, []);
});

t.test('whose name it is, is looked at again once the hash is made', async (t) => {
  const setting = await visitSetting(t, {
    hashPassword: (text) => {
      setting.registry.transfer('pr-42', 'ana', 'ben');
      return Promise.resolve(text);
    },
  });
  setting.offer({ env: 'pr-42' });
  t.match(await setting.run('password set pr-42', undefined, 'password one'), { status: 1 });
  t.same([...setting.grants.all()], []);
  t.match(await setting.run('password set pr-42', ben, 'password one'), { status: 0 });
});
