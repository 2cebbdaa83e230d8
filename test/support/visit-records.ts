import type { NewGrant } from '../../server/access/grant-record.ts';
import { newGrantId, newSessionId } from '../../server/access/record-ids.ts';
import type { Account, NewSession } from '../../server/access/session-record.ts';

const day = 86_400_000;

/** The fingerprint of no key. */
export const someFingerprint = `SHA256:${'A'.repeat(43)}`;

/** Ana, with a member's key. */
export function keyAccount(overrides: Partial<Extract<Account, { kind: 'key' }>> = {}): Account {
  return {
    ...{ kind: 'key', principal: 'ana', fingerprint: someFingerprint, role: 'member', envPatterns: ['pr-*'] },
    certificate: undefined,
    ...overrides,
  };
}

/** Eve, whom a provider knows. */
export function personAccount(overrides: Partial<Extract<Account, { kind: 'person' }>> = {}): Account {
  return {
    ...{ kind: 'person', provider: 'google', subject: '123', email: 'eve@example.com', name: 'Eve' },
    groups: ['staff'],
    ...overrides,
  };
}

/** A login of Ana, for a week, unless the test says otherwise. */
export function newSession(overrides: Partial<NewSession> = {}): NewSession {
  const createdAt = overrides.createdAt ?? Date.now();
  return {
    ...{ id: newSessionId(), account: keyAccount(), createdAt, createdFrom: '192.0.2.1' },
    ...{ userAgent: 'Mozilla/5.0', expiresAt: createdAt + 7 * day },
    ...overrides,
  };
}

/** A link of Ana to pr-1, for a week, unless the test says otherwise. */
export function newGrant(overrides: Partial<NewGrant> = {}): NewGrant {
  const createdAt = overrides.createdAt ?? Date.now();
  return {
    ...{ id: newGrantId(), kind: 'link', env: 'pr-1', service: undefined, owner: 'ana', name: '' },
    ...{ createdAt, createdBy: 'ana', expiresAt: createdAt + 7 * day },
    ...{ emails: [], maxUses: undefined, hash: undefined },
    ...overrides,
  };
}
