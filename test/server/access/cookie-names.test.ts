import t from 'tap';
import * as names from '../../../server/access/cookie-names.ts';
import { isOwnCookie } from '../../../server/access/strip.ts';

const { ownCookie, partitionedCookie, ...cookies } = names;

t.test('all are host-only by their prefix, and never go on to an upstream', async (t) => {
  for (const name of Object.values(cookies)) {
    t.match(name, /^__Host-porthole_[a-z_]+$/);
    t.equal(isOwnCookie(name), true, name);
  }
});

t.test('what the prefix asks for, and more', async (t) => {
  t.equal(ownCookie('n', 'v', 60), 'n=v; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax');
  t.equal(
    partitionedCookie('n', 'v', 60),
    'n=v; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=None; Partitioned',
  );
});
