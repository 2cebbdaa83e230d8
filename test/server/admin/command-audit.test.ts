import t from 'tap';
import { auditOf } from '../../../server/admin/command-audit.ts';
import { identityOf } from '../../support/admin-setting.ts';

t.test('who, from where, what, on what, when', (t) => {
  const call = { caller: { identity: identityOf(), address: '192.0.2.1' }, now: 5 };
  t.same(auditOf(call, { action: 'key.add', target: 'ana/laptop', detail: { role: 'member' } }), {
    at: 5,
    principal: 'root',
    fingerprint: 'SHA256:caller',
    address: '192.0.2.1',
    result: 'ok',
    action: 'key.add',
    target: 'ana/laptop',
    detail: { role: 'member' },
  });
  t.end();
});
