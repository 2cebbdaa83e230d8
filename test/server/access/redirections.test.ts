import t from 'tap';
import type { AccessRequest } from '../../../server/access/decision.ts';
import { Redirections } from '../../../server/access/redirections.ts';
import { dayMs, Door, doorNowMs, hostOf, noContext, placeAt } from '../../support/door.ts';

const nothing = { shares: [], tokens: [], asksForBasic: false };
const held = {
  pass: { kind: 'session', id: 'a' },
  planted: [],
  atMs: doorNowMs,
  expiresAtMs: doorNowMs + dayMs,
  stale: false,
} as const;

function asked(more: Partial<AccessRequest> = {}): AccessRequest {
  return {
    ...{ place: placeAt('web--pr-42'), host: hostOf('web--pr-42'), method: 'GET', path: '/' },
    ...{ cookie: undefined, authorization: undefined, shareHeader: undefined, tokenHeader: undefined },
    ...{ context: { ...noContext, secFetchDest: 'document' }, navigation: true, upgrade: false, address: '' },
    ...more,
  };
}

function setting() {
  const door = new Door({ publicAddress: { protocol: 'https', port: 8443 } });
  door.logIn('a', { admin: true });
  return { door, redirections: new Redirections(door.options) };
}

t.test('to the login pages', async (t) => {
  const { redirections } = setting();
  const { location = '', setCookies = [] } = redirections.toLogin(asked({ path: '/a' }), nothing) ?? {};
  t.match(
    location,
    /^https:\/\/preview\.example\.com\/_porthole\/login\?to=web--pr-42&return=%2Fa&state=[\w-]{43}$/,
  );
  t.equal(setCookies.length, 1);
  const bad = redirections.toLogin(asked(), { ...nothing, shares: ['<script>', 'x.y'], tokens: ['<'] });
  t.match(bad?.location, /&share=x\.y$/);
});

t.test('hosts that no route can have are not come back to', async (t) => {
  const { redirections } = setting();
  for (const host of [
    'preview.example.com',
    'a.b.preview.example.com',
    'a--b--c--d.preview.example.com',
    'evil.example',
  ])
    t.equal(redirections.toLogin(asked({ host }), nothing), undefined, host);
});

t.test('the same address without the link, on the same port', async (t) => {
  const { redirections } = setting();
  const detour = redirections.detour(held, asked({ path: '//evil?porthole-share=x' }), doorNowMs);
  t.same(detour, { location: 'https://web--pr-42.preview.example.com:8443//evil', setCookies: [] });
});

t.test('through the other hosts, which the cookie remembers', async (t) => {
  const { door, redirections } = setting();
  t.equal(redirections.detour(held, asked(), doorNowMs), undefined);
  door.offer('api--pr-42');
  door.online = ['api--pr-42', 'web--pr-42'];
  const detour = redirections.detour(held, asked(), doorNowMs);
  t.match(detour?.location, /&home=web--pr-42&rest=api--pr-42$/);
  t.match(detour?.setCookies, [/^__Host-porthole_state=/, /^__Host-porthole_session=/]);
  t.equal(redirections.detour({ ...held, planted: ['api--pr-42'] }, asked(), doorNowMs), undefined);
});
