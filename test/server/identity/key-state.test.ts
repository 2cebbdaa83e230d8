import t from 'tap';
import {
  countKeyStates,
  expiryReason,
  isUsable,
  keyState,
  unusedForMs,
} from '../../../server/identity/key-state.ts';
import { freshKey, recordOf } from '../../support/key-records.ts';

const key = recordOf(freshKey(t, { createdAt: 1000 }));
const moment = { now: 5000, unusedAfterMs: 3000 };

t.test('the states of a key', async (t) => {
  t.equal(keyState(key, moment), 'unused', 'never used, it is as old as its record');
  t.equal(keyState(key, { ...moment, now: 3999 }), 'active');
  t.equal(keyState({ ...key, lastUsedAt: 2001 }, moment), 'active');
  t.equal(keyState({ ...key, lastUsedAt: 2000 }, moment), 'unused');
  t.equal(keyState({ ...key, expiresAt: 5000 }, moment), 'expired', 'from that moment on');
  t.equal(keyState({ ...key, expiresAt: 5001, lastUsedAt: 4000 }, moment), 'active');
  t.equal(keyState({ ...key, expiresAt: 10, revokedAt: 20 }, moment), 'revoked');
});

t.test('only the store decides about a key that is revoked or has expired', async (t) => {
  t.equal(isUsable({}, 5000), true);
  t.equal(isUsable({ expiresAt: 5000 }, 5000), false);
  t.equal(isUsable({ revokedAt: 9000 }, 5000), false, 'whatever the clock says');
});

t.test('nothing was used in the future', async (t) => {
  t.equal(unusedForMs({ ...key, lastUsedAt: 9000 }, 5000), 0);
  t.equal(unusedForMs({ ...key, createdAt: 4000, lastUsedAt: 10 }, 5000), 1000, 'added again');
});

t.test('how many there are', async (t) => {
  const keys = [key, { ...key, lastUsedAt: 4000 }, { ...key, revokedAt: 1 }, { ...key, revokedAt: 2 }];
  t.same(countKeyStates(keys, moment), { active: 1, unused: 1, expired: 0, revoked: 2 });
});

t.test('the words for who offers an expired key', async (t) => {
  t.equal(expiryReason(Date.UTC(2030, 0, 1)), 'this key expired at 2030-01-01 00:00:00 UTC');
});
