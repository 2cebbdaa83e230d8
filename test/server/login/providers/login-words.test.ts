import t from 'tap';
import {
  loginDenied,
  loginRefused,
  noSuchProvider,
  notAdmitted,
  providerUnavailable,
  staleLogin,
} from '../../../../server/login/providers/login-words.ts';

const google = { name: 'google', title: 'Google' };
const asked = { query: 'to=web--pr-1&return=%2F&state=x' };

t.test('from each page there is a way on, to where it was going', async (t) => {
  const all = [
    noSuchProvider(asked),
    providerUnavailable(google, asked),
    loginDenied(google, asked),
    loginRefused(google, asked),
    notAdmitted(google, { email: 'a@b.c', toldEmail: 'a@b.c' }, asked),
  ];
  for (const { links, next } of all) {
    t.ok(next.length > 0);
    t.equal(links.at(-1)?.href, `/_porthole/login?${asked.query}`);
    for (const { href } of links.slice(0, -1))
      t.match(href, /^\/_porthole\/login\/with\?provider=google(&another=1)?&to=web--pr-1&/);
  }
  t.equal(staleLogin().links[0]?.href, '/_porthole/login');
  t.equal(loginDenied(google, { query: '' }).links[0]?.href, '/_porthole/login/with?provider=google');
});
