import t from 'tap';
import {
  ana,
  loginOrigin,
  loginSetting,
  LoginVisitor,
  person,
  startMs,
} from '../../support/login-setting.ts';

const preview = 'https://web--pr-42.preview.example.com';
const id = 'aaaaaaaaaaaa';

t.test('a link without conditions opens at once, is gone from the address, and is counted', async (t) => {
  const setting = await loginSetting(t);
  setting.offer('web--pr-42');
  await setting.give(id);
  const visitor = new LoginVisitor(setting);
  const link = `${preview}/docs?a=1&porthole-share=${setting.secretOf(id)}`;
  const opened = await visitor.go(link);
  t.equal(opened.url, `${preview}/docs?a=1`);
  t.equal(opened.status, 200);
  t.equal(setting.grants.byId(id)?.uses, 1);
  await visitor.go(link);
  t.equal(setting.grants.byId(id)?.uses, 1, 'each browser once');
  t.match(
    (await setting.audited()).map(({ action, target, detail }) => ({ action, target, detail })).at(-1),
    { action: 'share.use', target: 'pr-42', detail: { id } },
  );
});

t.test('a link for so many browsers asks first: looking at it does not use it up', async (t) => {
  const setting = await loginSetting(t);
  setting.offer('web--pr-42');
  await setting.give(id, { maxUses: 1 });
  const link = `${preview}/docs?porthole-share=${setting.secretOf(id)}`;
  const first = new LoginVisitor(setting);
  const second = new LoginVisitor(setting);
  const pages = [await first.go(link), await second.go(link)];
  for (const page of pages) {
    t.equal(page.status, 200);
    t.match(page.body, '<h1>Open the preview web--pr-42?</h1>');
    t.match(page.body, 'lets one browser in');
  }
  t.equal(setting.grants.byId(id)?.uses, 0);
  const [page] = pages;
  if (page === undefined) throw new Error('no page');
  const opened = await first.submit(page);
  t.equal(opened.url, `${preview}/docs`);
  t.equal(opened.status, 200);
  t.equal((await first.submit(page)).status, 200, 'the same browser may go back');
  t.equal(setting.grants.byId(id)?.uses, 1);
  t.equal((await second.submit(page)).code, 'ERR_LINK_SPENT');
  t.equal((await second.go(link)).code, 'ERR_LINK_SPENT');
  t.equal((await first.go(`${preview}/other`)).status, 200);
});

t.test('spent, expired, revoked, foreign and forged links all get the same answer', async (t) => {
  const setting = await loginSetting(t);
  setting.offer('web--pr-42');
  setting.offer('given', { owner: 'bob' });
  await setting.give(id, { expiresAt: startMs + 1000 });
  await setting.give('bbbbbbbbbbbb');
  await setting.give('cccccccccccc', { env: 'given' });
  await setting.give('dddddddddddd', { kind: 'token' });
  const revoke = { at: startMs, action: 'share.revoke', result: 'ok' } as const;
  await setting.grants.change([{ kind: 'revoke', id: 'bbbbbbbbbbbb', at: startMs }], revoke);
  setting.clock.nowMs += 2000;
  const given = 'https://given.preview.example.com';
  const forged = setting.secretOf('eeeeeeeeeeee').replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  const links = [
    `${preview}/?porthole-share=${setting.secretOf(id)}`,
    `${preview}/?porthole-share=${setting.secretOf('bbbbbbbbbbbb')}`,
    `${preview}/?porthole-share=${setting.secretOf('cccccccccccc')}`,
    `${given}/?porthole-share=${setting.secretOf('cccccccccccc')}`,
    `${preview}/?porthole-share=${setting.secretOf('dddddddddddd')}`,
    `${preview}/?porthole-share=${forged}`,
    `${preview}/?porthole-token=${setting.secretOf('eeeeeeeeeeee', 'token')}`,
  ];
  const bodies = new Set<string>();
  for (const link of links) {
    const answer = await new LoginVisitor(setting).go(link);
    t.equal(answer.status, 410, link);
    bodies.add(answer.body);
  }
  t.equal(bodies.size, 1);
});

t.test('who guesses links is slowed down', async (t) => {
  const setting = await loginSetting(t);
  const visitor = new LoginVisitor(setting);
  for (let attempt = 0; attempt < 11; attempt += 1)
    await visitor.go(`${preview}/?porthole-share=${'a'.repeat(12)}.${'b'.repeat(43)}`);
  t.equal((await visitor.go(`${preview}/?porthole-share=x`)).code, 'ERR_LIMIT');
});

t.test('a token is exchanged by one navigation', async (t) => {
  const setting = await loginSetting(t);
  setting.offer('web--pr-42');
  await setting.give(id, { kind: 'token' });
  const visitor = new LoginVisitor(setting);
  const url = `${preview}/docs?porthole-token=${setting.secretOf(id, 'token')}`;
  t.equal((await visitor.go(url)).url, `${preview}/docs`);
  t.equal((await visitor.go(`${preview}/`)).status, 200);
  t.same(
    setting.noted.map(({ action }) => action),
    ['token.use-first'],
  );
  t.equal(setting.grants.byId(id)?.uses, 0, 'not counted');
});

t.test('a link for certain people opens to them once they are logged in, and to nobody else', async (t) => {
  const setting = await loginSetting(t, {}, [{ name: 'corp', title: 'Corp' }]);
  setting.offer('web--pr-42');
  await setting.give(id, { emails: ['eve@example.com'], maxUses: 1 });
  const link = `${preview}/docs?porthole-share=${setting.secretOf(id)}`;
  const visitor = new LoginVisitor(setting);
  const asked = await visitor.go(link);
  t.equal(asked.status, 401);
  t.match(asked.body, 'sign in with the address that it was made for');
  t.match(asked.body, /provider=corp&#38;to=web--pr-42[^"]*share=/, 'the link goes along to the provider');
  const direct = new URL(asked.url);
  direct.pathname = '/_porthole/login/link';
  t.equal((await visitor.go(direct.href)).status, 401);

  const { endpointCall } = await import('../../support/endpoint-call.ts');
  const { readHandOver } = await import('../../../server/access/hand-over.ts');
  const then = readHandOver(new URL(asked.url).search);
  for (const [email, status] of [
    ['mallory@example.com', 404],
    ['eve@example.com', 200],
  ] as const) {
    setting.know(person(email), { email });
    const call = endpointCall({ headers: { cookie: visitor.cookieOf('preview.example.com') } });
    const how = { action: 'session.start', detail: {} } as const;
    const answer = await setting.signIn.signIn(person(email), call, then.ok ? then.value : undefined, how);
    if (answer.kind !== 'answer') throw new Error('not logged in');
    const { headers } = answer.answer;
    const [, value = ''] = /__Host-porthole_login=([^;]+)/.exec(headers.join(' ')) ?? [];
    visitor.jar.set('preview.example.com', new Map([['__Host-porthole_login', value]]));
    const opened = await visitor.go(headers[headers.indexOf('Location') + 1] ?? '');
    t.equal(opened.status, status, email);
    if (status === 404) t.match(opened.body, 'is for somebody else');
    else t.equal(opened.url, `${preview}/docs`);
  }
});

t.test('what is logged in and may see it anyway leaves the link as it is', async (t) => {
  const setting = await loginSetting(t);
  setting.offer('web--pr-42');
  setting.know(ana, { principal: 'ana' });
  await setting.give(id, { maxUses: 1 });
  const visitor = new LoginVisitor(setting);
  await visitor.submit(await visitor.go(setting.loginLinks.make(ana).url));
  const opened = await visitor.go(`${preview}/?porthole-share=${setting.secretOf(id)}`);
  t.equal(opened.url, `${preview}/`);
  t.equal(setting.grants.byId(id)?.uses, 0);
});

t.test('what is no link, or no form of ours, is refused', async (t) => {
  const setting = await loginSetting(t);
  const visitor = new LoginVisitor(setting);
  const url = `${loginOrigin}/_porthole/login/link`;
  t.equal((await visitor.go(url)).code, 'ERR_BAD_REQUEST');
  t.equal((await visitor.send(url, { to: 'web--pr-42' })).code, 'ERR_BAD_REQUEST');
  const asked = { to: 'web--pr-42', return: '/', state: 'a'.repeat(43) };
  t.equal((await visitor.send(url, asked)).code, 'ERR_LINK_SPENT');
  t.equal((await visitor.send(url, { ...asked, share: 'x' })).code, 'ERR_LINK_SPENT');
});
