import t from 'tap';
import { newRequestId } from '../../../server/ingress/request-id.ts';

t.test('ids are of one form and differ', async (t) => {
  const ids = Array.from({ length: 2000 }, () => newRequestId());
  t.equal(new Set(ids).size, ids.length);
  t.ok(ids.every((id) => /^[0-9a-f]{20}$/.test(id)));
});
