import t from 'tap';
import type { Account } from '../../../server/access/session-record.ts';
import { givenAt } from '../../support/admin-setting.ts';
import { ana, ben, root, visitSetting, type VisitSetting } from '../../support/visit-setting.ts';

const holder = (principal: string): Account => ({
  kind: 'key',
  principal,
  fingerprint: `SHA256:${principal.padEnd(43, 'x')}`,
  role: 'member',
  envPatterns: [],
  certificate: undefined,
});

const person: Account = {
  kind: 'person',
  provider: 'corp',
  subject: '1',
  email: 'cleo@example.com',
  name: undefined,
  groups: [],
};

async function loggedIn(t: Parameters<typeof visitSetting>[0]): Promise<VisitSetting> {
  const setting = await visitSetting(t);
  await setting.logIn('anasfirstaaaaaaa', holder('ana'), { at: givenAt - 7_200_000 });
  await setting.logIn('anassecondaaaaaa', holder('ana'));
  await setting.logIn('anasexpiredaaaaa', holder('ana'), { at: givenAt - 7_200_000, until: givenAt - 1000 });
  await setting.logIn('bensaaaaaaaaaaaa', holder('ben'));
  await setting.logIn('cleosaaaaaaaaaaa', person);
  return setting;
}

const ids = (sessions: { id: string }[]): string[] => sessions.map(({ id }) => id).sort();

t.test('own sessions; all of them for an administrator', async (t) => {
  const { run, value } = await loggedIn(t);
  const list = async (more = '', as: Parameters<typeof value>[1] = ana): Promise<string[]> =>
    ids(await value<{ id: string }[]>(`session list${more}`, as));
  t.same(await list(), ['anasfirstaaaaaaa', 'anassecondaaaaaa']);
  t.same(await list(' --all'), ['anasexpiredaaaaa', 'anasfirstaaaaaaa', 'anassecondaaaaaa']);
  t.same(await list('', ben), ['bensaaaaaaaaaaaa']);
  t.same(await list('', root), [
    'anasfirstaaaaaaa',
    'anassecondaaaaaa',
    'bensaaaaaaaaaaaa',
    'cleosaaaaaaaaaaa',
  ]);
  t.same(await list(' --principal corp:cleo@example.com', root), ['cleosaaaaaaaaaaa']);
  t.same(await list(' --principal ana'), ['anasfirstaaaaaaa', 'anassecondaaaaaa']);
  t.match(await run('session list --principal ben'), { status: 3, stderr: [/for administrators/] });
  t.match(await run('session list', { ...ana, principal: 'corp:cleo@example.com' }), {
    stderr: ['nobody is logged in'],
  });
  const { stdout } = await run('session list', ben);
  t.match(stdout, [
    /^ID +ACCOUNT +SINCE +UNTIL +LAST SEEN +BROWSER +STATE$/,
    /^bensa+ +ben +2026-11-22 15:00:00 UTC .*0 seconds ago from 192\.0\.2\.1 +Firefox 128 on Linux +live$/,
  ]);
});

t.test('one ends, or all of an account', async (t) => {
  const { run, value, sessions, audited } = await loggedIn(t);
  const live = (): string[] =>
    ids([...sessions.all()].filter(({ endedAt, expiresAt }) => endedAt === undefined && expiresAt > givenAt));
  t.match(await run('session end anasfirstaaaaaaa'), { status: 0, stdout: [/what they had open ends now/] });
  t.same(live(), ['anassecondaaaaaa', 'bensaaaaaaaaaaaa', 'cleosaaaaaaaaaaa']);
  t.match((await audited()).at(-1), { action: 'session.end', target: 'anasfirstaaaaaaa', principal: 'ana' });
  t.match(await value<object>('session end anasfirstaaaaaaa'), { ended: [] }, 'once');
  t.match(await value<object>('session end anasexpiredaaaaa'), { ended: [] });
  t.match(await value<object>('session end --all'), { ended: ['anassecondaaaaaa'] });
  t.match(await value<object>('session end --all'), { ended: [] });
  t.match(await value<object>('session end --account corp:cleo@example.com', root), {
    ended: ['cleosaaaaaaaaaaa'],
  });
  t.match(await value<object>('session end bensaaaaaaaaaaaa', root), { ended: ['bensaaaaaaaaaaaa'] });
  t.match(await run('session list --all', ben), {
    stdout: [/STATE/, /ended 2026-11-22 15:00:00 UTC: ended by root/],
  });
});

t.test('those of others are not there', async (t) => {
  const { run, noted, sessions } = await loggedIn(t);
  const his = await run('session end bensaaaaaaaaaaaa');
  const nobodys = await run('session end nobodys');
  t.equal(his.status, 1);
  t.same(his.stderr.join('').replace('bensaaaaaaaaaaaa', 'nobodys'), nobodys.stderr.join(''));
  t.match(await run('session end --account ben'), { status: 3 });
  t.match(noted, [
    { action: 'session.end', target: 'bensaaaaaaaaaaaa', result: 'refused' },
    {},
    { target: 'ben' },
  ]);
  t.equal(sessions.byId('bensaaaaaaaaaaaa')?.endedAt, undefined);
});

t.test('which ones must be said, once', async (t) => {
  const { run } = await visitSetting(t);
  for (const words of ['session end', 'session end a --all', 'session end --all --account ana'])
    t.equal((await run(words)).status, 2, words);
});
