import t from 'tap';
import { isGrantId, isSessionId, newGrantId, newSessionId } from '../../../server/access/record-ids.ts';

t.test('ids have their form, and are not made twice', async (t) => {
  const sessions = Array.from({ length: 100 }, newSessionId);
  const grants = Array.from({ length: 100 }, newGrantId);
  t.ok(sessions.every(isSessionId));
  t.ok(grants.every(isGrantId));
  t.equal(new Set([...sessions, ...grants]).size, 200);
  t.notOk(sessions.some(isGrantId));
  for (const text of ['', 'A'.repeat(16), 'a'.repeat(15), `${'a'.repeat(16)}\n`, '1'.repeat(16)])
    t.notOk(isSessionId(text));
});
