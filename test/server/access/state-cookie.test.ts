import t from 'tap';
import { hasState, isStateHash, stateHash, stateOf } from '../../../server/access/state-cookie.ts';

const named = (setCookie: string | undefined): string => (setCookie ?? '').split(';', 1)[0] ?? '';

t.test('a browser without one gets one, and keeps it', async (t) => {
  const first = stateOf(undefined);
  t.match(first.nonce, /^[\w-]{43}$/);
  t.equal(
    first.setCookie,
    `__Host-porthole_state=${first.nonce}; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax`,
  );
  t.not(stateOf(undefined).nonce, first.nonce);
  const again = stateOf(`a=1; ${named(first.setCookie)}`);
  t.equal(again.nonce, first.nonce, 'a second tab goes by the same');
  t.equal(again.setCookie, first.setCookie, 'for another ten minutes');
});

t.test('what is no nonce is replaced', async (t) => {
  for (const value of ['', 'x', 'x'.repeat(44), `${'x'.repeat(42)}!`, 'x'.repeat(4096)]) {
    t.match(stateOf(`__Host-porthole_state=${value}`).nonce, /^[\w-]{43}$/);
    t.not(stateOf(`__Host-porthole_state=${value}`).nonce, value);
  }
});

t.test('in a frame of another site it is kept apart', async (t) => {
  const outside = named(stateOf(undefined).setCookie);
  const { nonce, setCookie } = stateOf(outside, { embed: true });
  t.notMatch(outside, nonce);
  t.match(setCookie, /^__Host-porthole_state_embed=.*; SameSite=None; Partitioned$/);
  t.equal(hasState(named(setCookie), stateHash(nonce)), true);
});

t.test('a hand-over comes back to the browser that has the nonce', async (t) => {
  const { nonce, setCookie } = stateOf(undefined);
  const cookie = named(setCookie);
  const hash = stateHash(nonce);
  t.equal(isStateHash(hash), true);
  t.equal(hasState(cookie, hash), true);
  t.equal(hasState(`${named(stateOf(undefined).setCookie)}; ${cookie}`, hash), true, 'one of several');
  for (const wrong of ['', nonce, hash.slice(1), `${hash}x`, stateHash(hash)])
    t.equal(hasState(cookie, wrong), false, wrong);
  for (const other of [undefined, '', 'a=1', named(stateOf(undefined).setCookie)])
    t.equal(hasState(other, hash), false, String(other));
});
