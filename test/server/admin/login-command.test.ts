import t from 'tap';
import { root, visitSetting } from '../../support/visit-setting.ts';

t.test('one line with the link, and what it is', async (t) => {
  const { run, value, linked, noted } = await visitSetting(t);
  const { stdout, stderr, status } = await run('login');
  t.equal(status, 0);
  t.same(stdout, ['https://preview.test/_porthole/login/key?code=once']);
  t.match(stderr, [/before 2026-11-22 15:05:00 UTC.*one browser as ana, once; do not pass it on/]);
  t.match(linked, [{ kind: 'key', principal: 'ana', fingerprint: 'SHA256:caller', role: 'member' }]);
  t.match(noted, [{ action: 'login.link', target: 'ana', principal: 'ana', result: 'ok' }]);
  t.notMatch(JSON.stringify(noted), /once/);
  t.match(await value<object>('login', root), {
    url: String,
    account: 'root',
    expires: '2026-11-22T15:05:00.000Z',
  });
});

t.test('a machine is told what to do instead', async (t) => {
  const { run, linked } = await visitSetting(t);
  t.match(await run('login', { principal: 'ci', role: 'machine' }), {
    status: 3,
    stderr: [/for members and administrators.*a machine's: .*token create ENV/],
  });
  t.match(await run('login', { source: { kind: 'open' } }), { status: 3, stderr: [/not known/] });
  t.same(linked, []);
});
