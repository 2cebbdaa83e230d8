import t from 'tap';
import type { GrantRecord } from '../../../../server/access/grant-record.ts';
import { isInvited } from '../../../../server/login/providers/invitation.ts';

const link: GrantRecord = {
  id: 'a'.repeat(12),
  kind: 'link',
  env: 'pr-1',
  service: undefined,
  owner: 'ana',
  name: '',
  createdAt: 0,
  createdBy: 'ana',
  expiresAt: 100,
  emails: ['bob@example.com'],
  maxUses: undefined,
  uses: 0,
  lastUsedAt: undefined,
  lastUsedFrom: undefined,
  hash: undefined,
  revokedAt: undefined,
};
const invited = (email: string | undefined, parts: Partial<GrantRecord> = {}, nowMs = 50): boolean =>
  isInvited(
    email,
    {
      all: () => [
        { ...link, emails: [] },
        { ...link, ...parts },
      ],
    },
    nowMs,
  );

t.test('a good link with the address invites', async (t) => {
  t.equal(invited('bob@example.com'), true);
  t.equal(invited('bob@example.com', { service: 'web' }), true);
  t.equal(invited('eve@example.com'), false);
  t.equal(invited(undefined), false);
  t.equal(invited('bob@example.com', {}, 100), false);
  t.equal(invited('bob@example.com', { revokedAt: 1 }), false);
  t.equal(invited('bob@example.com', { kind: 'token' }), false);
});
