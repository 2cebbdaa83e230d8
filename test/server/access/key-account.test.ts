import t from 'tap';
import { keyAccountOf } from '../../../server/access/key-account.ts';
import type { Identity } from '../../../server/identity/identity.ts';

const identity: Identity = {
  ...{ principal: 'ana', role: 'member', envPatterns: ['pr-*'], fingerprint: 'SHA256:x', keyId: 'k' },
  source: { kind: 'stored' },
};

t.test('an account is what its key showed', async (t) => {
  const account = {
    ...{ kind: 'key', principal: 'ana', fingerprint: 'SHA256:x', role: 'member', envPatterns: ['pr-*'] },
    certificate: undefined,
  };
  t.same(keyAccountOf(identity), account);
  t.same(keyAccountOf({ ...identity, expiresAt: 5, source: { kind: 'file' } }), account);
  const source = { kind: 'certificate', serial: '7', certificateId: 'ana', authority: 'SHA256:ca' } as const;
  t.same(keyAccountOf({ ...identity, expiresAt: 5, source }), {
    ...account,
    certificate: { serial: '7', id: 'ana', authority: 'SHA256:ca', expiresAt: 5 },
  });
  t.match(keyAccountOf({ ...identity, source }), { certificate: { expiresAt: undefined } });
});
