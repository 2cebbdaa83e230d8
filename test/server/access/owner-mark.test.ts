import t from 'tap';
import { ownerMark } from '../../../server/access/owner-mark.ts';

const key = Buffer.alloc(32, 1);
const owned = { env: 'pr-1', owner: 'ana', sinceMs: 1000 };

t.test('the same for the same time of the same owner, and for nothing else', async (t) => {
  const mark = ownerMark(key, owned);
  t.match(mark, /^[\w-]{22}$/);
  t.equal(ownerMark(key, { ...owned }), mark);
  const others = [
    ownerMark(Buffer.alloc(32, 2), owned),
    ownerMark(key, { ...owned, env: 'pr-2' }),
    ownerMark(key, { ...owned, owner: 'bob' }),
    ownerMark(key, { ...owned, sinceMs: 1001 }),
    ownerMark(key, { env: 'pr-1', owner: '0 ana', sinceMs: 100 }),
  ];
  t.equal(new Set([mark, ...others]).size, 6);
});
