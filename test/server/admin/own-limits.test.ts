import t from 'tap';
import { beyondOwn } from '../../../server/admin/own-limits.ts';
import { identityOf } from '../../support/admin-setting.ts';

const member = identityOf({ role: 'member', envPatterns: ['pr-*', 'main'], expiresAt: 1000 });

t.test('nobody gives more than they have', (t) => {
  const good = { role: 'machine', envPatterns: ['pr-1*', 'main'], expiresAt: 1000 } as const;
  t.equal(beyondOwn(member, good), undefined);
  t.equal(beyondOwn(member, { ...good, role: 'member', envPatterns: [] }), undefined);
  t.match(beyondOwn(member, { ...good, role: 'admin' }), /admin/);
  t.match(beyondOwn(member, { ...good, envPatterns: ['pr-1', 'stage'] }), /stage.*pr-\*, main/);
  t.match(beyondOwn(member, { ...good, expiresAt: 1001 }), /1970-01-01 00:00:01 UTC/);
  t.match(beyondOwn(member, { ...good, expiresAt: undefined }), /longer/);
  t.match(beyondOwn({ ...member, envPatterns: [] }, good), /none/);
  t.match(beyondOwn({ ...member, role: 'machine' }, { ...good, role: 'member' }), /member/);
  t.end();
});

t.test('whoever is limited in how open their previews are limits others too', (t) => {
  const limited = { ...member, widestAccess: 'team' } as const;
  const good = { role: 'machine', envPatterns: ['main'], expiresAt: 1000 } as const;
  t.equal(beyondOwn(limited, { ...good, widestAccess: 'team' }), undefined);
  t.equal(beyondOwn(limited, { ...good, widestAccess: 'private' }), undefined);
  t.match(beyondOwn(limited, { ...good, widestAccess: 'public' }), /team at most/);
  t.match(beyondOwn(limited, good), /team at most/);
  t.equal(beyondOwn(member, { ...good, widestAccess: 'public' }), undefined);
  t.end();
});

t.test('what never expires gives what never expires', (t) => {
  const { expiresAt: _none, ...lasting } = member;
  t.equal(beyondOwn(lasting, { role: 'member', envPatterns: ['main'] }), undefined);
  t.end();
});

t.test('an administrator gives anything', (t) => {
  const admin = identityOf({ envPatterns: [], expiresAt: 1 });
  t.equal(beyondOwn(admin, { role: 'admin', envPatterns: ['*'] }), undefined);
  t.end();
});
