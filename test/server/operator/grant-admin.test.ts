import t from 'tap';
import { parsePublicKey, type PublicKey } from '../../../core/public-key.ts';
import { applyChanges } from '../../../server/identity/key-changes.ts';
import type { KeyRecord } from '../../../server/identity/key-record.ts';
import { KeyRing } from '../../../server/identity/key-ring.ts';
import { keyState } from '../../../server/identity/key-state.ts';
import { grantAdmin, type AdminGrant, type AdminWish } from '../../../server/operator/grant-admin.ts';
import { freshKey, newKey, recordOf } from '../../support/key-records.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const now = 10_000;
const pair = makeKey(t);
const { fingerprint } = newKey(pair);
const publicKey = parse(`${pair.line} ana laptop`);

function parse(line: string): PublicKey {
  const parsed = parsePublicKey(line);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.key;
}

function grant(ring: KeyRing, wish: Partial<AdminWish> = {}, owners: readonly string[] = []): AdminGrant {
  return grantAdmin(ring, { publicKey, now, ...wish }, (name) => owners.includes(name));
}

/** What becomes of the key. */
function outcome(ring: KeyRing, wish: Partial<AdminWish> = {}): KeyRecord | undefined {
  const { changes } = grant(ring, wish);
  return applyChanges(ring, changes, { now, otherAdmins: [] }).ring.byFingerprint(fingerprint);
}

t.test('a new key is an admin of its own, named for its comment', async (t) => {
  t.match(outcome(new KeyRing()), {
    ...{ principal: 'ana-laptop', name: 'ana-laptop', role: 'admin', envPatterns: ['*'], source: 'operator' },
    ...{ createdBy: 'operator', createdAt: now, comment: 'ana laptop', type: 'ssh-ed25519', bits: 256 },
  });
  t.match(grant(new KeyRing({ principals: ['ana-laptop'] })).key, { principal: 'ana-laptop-2' });
  t.match(grant(new KeyRing(), {}, ['ana-laptop']).key, { principal: 'ana-laptop-2' }, 'nobody else’s names');
  t.match(outcome(new KeyRing(), { name: 'desk', principal: 'ana' }), { principal: 'ana', name: 'desk' });
  const ring = new KeyRing({ keys: [recordOf(freshKey(t, { name: 'ana-laptop' }))] });
  t.match(grant(ring, { principal: 'ana' }).key, { name: 'ana-laptop-2' });
});

t.test('one that is there is made good, whatever is wrong with it', async (t) => {
  const known = recordOf(newKey(pair));
  const wrongs: readonly (readonly [Partial<KeyRecord>, string[]])[] = [
    [{ role: 'admin' }, []],
    [{}, ['machine']],
    [{ role: 'admin', expiresAt: now }, ['expired']],
    [{ role: 'member', revokedAt: 1, revokedReason: 'x', expiresAt: 5 }, ['revoked', 'expired', 'member']],
  ];
  for (const [wrong, repaired] of wrongs) {
    const ring = new KeyRing({ keys: [{ ...known, ...wrong }] });
    t.same(grant(ring).repaired, repaired);
    const after = outcome(ring) ?? known;
    t.match(after, { principal: 'ana', name: 'laptop', role: 'admin' });
    t.equal(keyState(after, { now, unusedAfterMs: Infinity }), 'active');
  }
  const ring = new KeyRing({ keys: [{ ...known, role: 'admin', expiresAt: now + 1 }] });
  t.same(grant(ring).changes, [], 'an expiry that is still to come is meant');
  t.match(outcome(ring, { name: 'desk', principal: 'ana' }), { name: 'desk', expiresAt: now + 1 });
  t.throws(() => grant(ring, { principal: 'bob' }), {
    name: 'UsageProblem',
    message: /already as ana\/laptop/,
  });
});

t.test('one of which what is stored makes no sense is stored anew', async (t) => {
  const ring = new KeyRing({ damaged: [fingerprint] });
  t.same(grant(ring).repaired, ['damaged']);
  t.match(outcome(ring), { role: 'admin', principal: 'ana-laptop' });
});
