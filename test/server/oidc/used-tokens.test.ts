import t from 'tap';
import { UsedTokens } from '../../../server/oidc/used-tokens.ts';

t.test('a token is good for one key, as long as it lives', async (t) => {
  const used = new UsedTokens(10);
  t.equal(used.take('a', { fingerprint: 'x', until: 100, nowMs: 0 }), 'first');
  t.equal(used.take('a', { fingerprint: 'x', until: 100, nowMs: 50 }), 'again');
  t.equal(used.take('a', { fingerprint: 'y', until: 100, nowMs: 99 }), 'by-another-key');
  t.equal(used.take('b', { fingerprint: 'y', until: 100, nowMs: 99 }), 'first');
  t.equal(used.take('a', { fingerprint: 'y', until: 200, nowMs: 100 }), 'first', 'it has expired');
});

t.test('when there is no room none is taken; what expired gives way', async (t) => {
  const used = new UsedTokens(2);
  used.take('a', { fingerprint: 'x', until: 100, nowMs: 0 });
  used.take('b', { fingerprint: 'x', until: 200, nowMs: 0 });
  t.equal(used.take('c', { fingerprint: 'x', until: 200, nowMs: 99 }), 'no-room');
  t.equal(used.take('b', { fingerprint: 'y', until: 200, nowMs: 99 }), 'by-another-key');
  t.equal(used.take('c', { fingerprint: 'x', until: 200, nowMs: 100 }), 'first');
  t.equal(used.size, 2);
});

t.test('what is given back may be taken by another', async (t) => {
  const used = new UsedTokens(1);
  t.equal(used.take('token', { fingerprint: 'a', until: 100, nowMs: 0 }), 'first');
  used.giveBack('token');
  t.equal(used.size, 0);
  t.equal(used.take('token', { fingerprint: 'b', until: 100, nowMs: 0 }), 'first');
});
