import t from 'tap';
import type { Account } from '../../../server/access/session-record.ts';
import type { EndpointAnswer } from '../../../server/pages/own-endpoint.ts';
import { endpointCall } from '../../support/endpoint-call.ts';
import { ana, loginOrigin, loginSetting, person, startMs } from '../../support/login-setting.ts';

const how = { action: 'session.start', detail: { by: 'test' } } as const;
const dayMs = 86_400_000;

function headerOf(answer: EndpointAnswer, name: string): string {
  if (answer.kind !== 'answer') throw new Error(JSON.stringify(answer));
  const { headers } = answer.answer;
  return headers[headers.indexOf(name) + 1] ?? '';
}

function cookieOf(answer: EndpointAnswer): string {
  return headerOf(answer, 'Set-Cookie').split(';', 1)[0] ?? '';
}

t.test('a session is new each time, whatever the browser had', async (t) => {
  const setting = await loginSetting(t);
  setting.know(ana, { member: true });
  const first = await setting.signIn.signIn(ana, endpointCall(), undefined, how);
  const cookie = cookieOf(first);
  const second = await setting.signIn.signIn(ana, endpointCall({ headers: { cookie } }), undefined, how);
  t.not(cookieOf(second), cookie);
  const all = [...setting.sessions.all()];
  t.equal(new Set(all.map(({ id }) => id)).size, 2);
  t.same(all.filter(({ endedAt }) => endedAt === undefined).length, 1, 'and the one that it had is over');
  t.equal(headerOf(first, 'Location'), `${loginOrigin}/_porthole/account`);
});

t.test('what the browser opened without an account stays', async (t) => {
  const setting = await loginSetting(t);
  setting.offer('web--pr-42');
  setting.know(ana, {});
  await setting.give('aaaaaaaaaaaa');
  const { keepLogin, readBrowser } = await import('../../../server/login/browser.ts');
  const [, had = ''] = keepLogin({ sessionId: undefined, grants: ['aaaaaaaaaaaa'] }, setting.context);
  const call = endpointCall({ headers: { cookie: had.split(';', 1)[0] } });
  const cookie = cookieOf(await setting.signIn.signIn(ana, call, undefined, how));
  t.match(readBrowser(cookie, setting.context), {
    state: { grants: ['aaaaaaaaaaaa'] },
    login: { session: { account: ana } },
  });
});

t.test('goes on to where the browser wanted to go', async (t) => {
  const setting = await loginSetting(t);
  setting.know(ana, {});
  const then = { label: 'web--pr-42', path: '/x', state: 'a'.repeat(43) };
  const answer = await setting.signIn.signIn(ana, endpointCall(), then, how);
  t.equal(
    headerOf(answer, 'Location'),
    `${loginOrigin}/_porthole/login?to=web--pr-42&return=%2Fx&state=${then.state}`,
  );
});

t.test(
  'it lives as long as the settings say, and no longer than the certificate that it came by',
  async (t) => {
    const setting = await loginSetting(t);
    const certificate = {
      ...{ serial: '7', id: 'ana', authority: `SHA256:${'b'.repeat(43)}` },
      expiresAt: startMs + 1000,
    };
    const certified: Account = { ...(ana as Extract<Account, { kind: 'key' }>), certificate };
    setting.know(ana, {});
    setting.know(person('eve@example.com'), {});
    for (const account of [person('eve@example.com'), certified])
      await setting.signIn.signIn(
        account,
        endpointCall({ headers: { userAgent: 'x'.repeat(500) } }),
        undefined,
        how,
      );
    const ends = [...setting.sessions.all()]
      .map(({ expiresAt }) => expiresAt - startMs)
      .toSorted((a, b) => a - b);
    t.same(ends, [1000, 7 * dayMs]);
    t.ok([...setting.sessions.all()].every(({ userAgent }) => userAgent.length === 256));
  },
);

t.test('the audit has who, from where, and by what', async (t) => {
  const setting = await loginSetting(t);
  const eve = person('eve@example.com');
  setting.know(eve, {});
  await setting.signIn.signIn(eve, endpointCall(), undefined, how);
  const [line] = await setting.audited();
  t.match(line, {
    action: 'session.start',
    principal: 'corp:eve@example.com',
    address: '192.0.2.1',
    result: 'ok',
    detail: { by: 'test' },
  });
});

t.test('nothing is set where nothing was written, and nobody is let in whom nothing lets in', async (t) => {
  const setting = await loginSetting(t);
  t.match(await setting.signIn.signIn(ana, endpointCall(), undefined, how), { code: 'ERR_LOGIN_REFUSED' });
  setting.know(ana, {});
  await setting.sessions.release();
  t.match(await setting.signIn.signIn(ana, endpointCall(), undefined, how), { kind: 'failure' });
});
