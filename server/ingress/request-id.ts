import { randomFillSync } from 'node:crypto';

const idBytes = 10;
const pool = Buffer.alloc(idBytes * 256);
let used = pool.length;

/** A new id for a request, which is also its error id: 20 hexadecimal digits. Random bytes are drawn for many at a time. */
export function newRequestId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const start = used;
  used += idBytes;
  return pool.toString('hex', start, used);
}
