import t from 'tap';
import { holdMs } from '../routing/make-registry.ts';
import { ana, ben, root, visitSetting } from '../../support/visit-setting.ts';

interface Link {
  readonly id: string;
  readonly url: string;
  readonly expires: string;
  readonly service: string | null;
}

t.test('a link: its URL on a line of its own, then what it opens, until when, and for whom', async (t) => {
  const { run, offer, grants, audited } = await visitSetting(t);
  offer({ env: 'pr-42', service: undefined });
  const { stdout, stderr, status } = await run('share pr-42');
  t.equal(status, 0);
  const [grant] = grants.ofEnv('pr-42');
  t.same(stdout, [`https://pr-42.preview.test/?porthole-share=${grant?.id ?? ''}.mac`]);
  t.match(stderr, [
    'opens all of pr-42 until 2026-11-29 15:00:00 UTC (in 7 days), for whoever has the link',
    `end it with: share revoke ${grant?.id ?? ''}`,
  ]);
  t.match(grant, {
    kind: 'link',
    owner: 'ana',
    createdBy: 'ana',
    service: undefined,
    maxUses: undefined,
    uses: 0,
  });
  const lines = await audited();
  t.match(lines, [{ action: 'share.create', target: 'pr-42', principal: 'ana', detail: { id: grant?.id } }]);
  t.notMatch(JSON.stringify(lines), /mac/, 'the audit opens nothing');
});

t.test('one service, so long, for those people, in so many browsers', async (t) => {
  const { value, run, offer, grants } = await visitSetting(t);
  offer({ env: 'pr-42', service: 'web' });
  const words =
    'share pr-42/web --ttl 12h --email Ben@Example.com --email ben@example.com --max-uses 2 --name review';
  const link = await value<Link>(words);
  t.match(link, {
    url: `https://web--pr-42.preview.test/?porthole-share=${link.id}.mac`,
    ...{ env: 'pr-42', service: 'web', name: 'review', maxUses: 2 },
    ...{ emails: ['ben@example.com'], expires: '2026-11-23T03:00:00.000Z' },
  });
  t.match(grants.byId(link.id), { service: 'web', emails: ['ben@example.com'], maxUses: 2 });
  const { stderr } = await run(words);
  t.match(stderr[0], /opens pr-42\/web until .*, for whoever logs in as ben@example\.com$/);
  t.match((await run('share pr-42 --max-uses 1')).stderr[0], /whoever has the link, in one browser/);
});

t.test('what cannot be', async (t) => {
  const { run, offer, grants } = await visitSetting(t, { hasLoginProviders: () => false });
  offer({ env: 'pr-42' });
  const cases: Readonly<Record<string, readonly [status: number, told: RegExp]>> = {
    'share pr-42 --email ben@example.com': [1, /nobody could use it.*login provider/],
    'share pr-42 --email ben': [2, /--email .*no email address/],
    'share pr-42 --ttl 366d': [2, /--ttl .*at most 365d/],
    'share pr-42 --ttl 30s': [2, /--ttl .*at least 1m/],
    'share pr-42 --max-uses 0': [2, /--max-uses takes a number from 1/],
    'share pr-42 --email a@example.com --email b@example.com --max-uses 1': [2, /cannot be less/],
    'share pr-42 --max-uses many': [2, /--max-uses takes a whole number/],
    'share pr-42/': [1, /the name of a service is missing/],
    'share pr-42/web:8080': [1, /on all of its ports: leave :8080 out/],
    'share pr-42/ssh': [1, /reached with a key/],
    share: [2, /ENV is missing/],
  };
  for (const [words, [status, told]] of Object.entries(cases)) {
    const reply = await run(words);
    t.equal(reply.status, status, words);
    t.match(reply.stderr[0], told, words);
  }
  t.same([...grants.all()], []);
});

t.test("somebody else's environment is answered like one that is not there", async (t) => {
  const { run, offer, noted, grants } = await visitSetting(t);
  offer({ env: 'pr-42' });
  for (const words of [
    'share ENV',
    'share ENV/web',
    'token create ENV',
    'password set ENV --generate',
    'password rm ENV',
  ]) {
    const theirs = await run(words.replace('ENV', 'pr-42'), ben);
    const nobodys = await run(words.replace('ENV', 'pr-43'), ben);
    t.equal(theirs.status, 1);
    t.same(theirs.stderr.join('').replace('pr-42', 'pr-43'), nobodys.stderr.join(''), words);
  }
  t.match(noted[0], { action: 'share.create', target: 'pr-42', principal: 'ben', result: 'refused' });
  t.match(await run('share pr-42', { ...ana, envPatterns: ['other-*'] }), {
    status: 3,
    stderr: [/another key/],
  });
  t.match(await run('share pr-4', root), {
    status: 1,
    stderr: [/no environment pr-4 \(did you mean pr-42\?\)/],
  });
  t.same([...grants.all()], []);
});

t.test('an administrator shares for its owner, a machine what is its own', async (t) => {
  const { value, offer, grants } = await visitSetting(t);
  offer({ env: 'pr-42' });
  const link = await value<Link>('share pr-42', root);
  t.match(grants.byId(link.id), { owner: 'ana', createdBy: 'root' });
  const own = await value<Link>('share pr-42', { principal: 'ana', role: 'machine', envPatterns: ['pr-*'] });
  t.match(grants.byId(own.id), { owner: 'ana' });
});

t.test('where the link leads, and what its maker should know', async (t) => {
  const { run, value, offer, end } = await visitSetting(t);
  const web = offer({ env: 'pr-42', service: 'web', port: 8080 });
  offer({ env: 'pr-42', service: 'ssh', port: 22 });
  t.match(await value<Link>('share pr-42'), { url: /^https:\/\/web--8080--pr-42\./ });
  t.match(await value<Link>('share pr-42/web'), { url: /^https:\/\/web--8080--pr-42\./ });
  t.match(await value<Link>('share pr-42/api'), { url: /^https:\/\/api--pr-42\./ });
  t.match((await run('share pr-42/api')).stderr.at(-1), 'pr-42 has no service api now; it has web');
  end(web);
  t.match(await value<Link>('share pr-42/web'), { service: 'web' });
  offer({ env: 'pr-7', access: 'public' });
  t.match((await run('share pr-7')).stderr.at(-1), /pr-7 is public/);
});

t.test('one that is offline, or has a branch for a name', async (t) => {
  const { run, value, offer, end, clock, grants } = await visitSetting(t);
  end(offer({ env: 'pr-42' }));
  clock.advance(holdMs);
  t.match((await run('share pr-42')).stderr.at(-1), /offline at the moment/);
  t.equal(grants.ofEnv('pr-42').length, 1);
  offer({ env: 'feature-login-page-vmqy5o' });
  t.match(await run('share feature/nothing'), { status: 1, stderr: [/no environment feature of yours/] });
  t.match(await value<Link>('share feature-login-page-vmqy5o/web'), { service: 'web' });
});

t.test('the list: own ones, or all; those that are over too, when asked for', async (t) => {
  const { run, value, offer, registry, grants } = await visitSetting(t);
  offer({ env: 'pr-42' });
  offer({ env: 'pr-7', owner: 'ben' });
  t.match(await run('share list'), { stdout: [], stderr: ['no links'] });
  const mine = await value<Link>('share pr-42/web --name review --max-uses 3');
  const his = await value<Link>('share pr-7', ben);
  const { stdout } = await run('share list');
  t.match(stdout, [
    /^ID +OPENS +NAME +BY +MADE +UNTIL +FOR +USES +LAST USED +STATE$/,
    new RegExp(
      `^${mine.id} +pr-42/web +review +ana +2026-11-22 15:00:00 UTC +2026-11-29 .* +anybody +0 of 3 +never +live$`,
    ),
  ]);
  t.notMatch(stdout.join(), /\.mac/, 'what opens it is not shown again');
  t.match(await value<Link[]>('share list', root), [{ id: String }, { id: String }]);
  t.match(await value<Link[]>('share list pr-7', root), [{ id: his.id }]);
  t.same(await value<Link[]>('share list pr-7'), [], 'of others nothing');
  t.match(await value<Link[]>('share list', { ...ana, envPatterns: ['other-*'] }), []);
  await run(`share revoke ${mine.id}`);
  t.match(await run('share list'), { stderr: ['no links', /1 that are over: --all shows it/] });
  t.match(await value<object[]>('share list --all'), [{ id: mine.id, state: 'revoked', revoked: String }]);
  registry.transfer('pr-7', 'ben', 'ana');
  t.match(await value<object[]>('share list --all', ben), [{ id: his.id, state: 'void' }]);
  t.equal(grants.ofEnv('pr-7').length, 1);
});

t.test('the end of one', async (t) => {
  const { run, value, offer, grants, audited, noted } = await visitSetting(t);
  offer({ env: 'pr-42' });
  const { id } = await value<Link>('share pr-42');
  const token = await value<Link>('token create pr-42');
  for (const words of [`share revoke ${id}`, 'share revoke nothing'])
    t.match(await run(words, ben), { status: 1, stderr: [/^there is no link \w+ of yours$/] });
  t.match(noted, [{ action: 'share.revoke', target: id, result: 'refused' }, {}]);
  t.match(await run(`share revoke ${token.id}`), { status: 1 }, 'a token is no link');
  t.match(await run(`share revoke ${id}`), { status: 0, stdout: [/what was opened with it ends now/] });
  t.type(grants.byId(id)?.revokedAt, 'number');
  t.match((await audited()).at(-1), { action: 'share.revoke', target: 'pr-42', detail: { id } });
  t.match(await value<object>(`share revoke ${id}`), { changed: false });
});
