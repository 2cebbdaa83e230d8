import fc from 'fast-check';
import t from 'tap';
import { HeldBytes, mayKeep } from '../../../server/ingress/held-bytes.ts';
import { RequestHead } from '../../../server/ingress/request-head.ts';
import type { HttpVersion } from '../../../server/ingress/request-head.ts';

function head(version: HttpVersion, change: Partial<RequestHead> = {}): RequestHead {
  const raw = { method: 'POST', target: '/', rawHeaders: [], authority: undefined, hasBody: true };
  return Object.assign(new RequestHead({ ...raw, version }), { path: '/' }, change);
}

t.test('a request keeps its head, and of its body what may come unasked', async (t) => {
  const bare = mayKeep(head('1.1'));
  t.ok(bare < 10_000);
  t.equal(mayKeep(head('1.1', { passed: ['Host', '', 'X', 'a'.repeat(1000)] })) - bare, 1001);
  t.equal(mayKeep(head('1.1', { body: 'length', contentLength: '10' })) - bare, 10);
  t.equal(mayKeep(head('1.1', { body: 'length', contentLength: '9999999999' })) - bare, 128 * 1024);
  t.equal(mayKeep(head('1.1', { body: 'chunked' })) - bare, 128 * 1024);
  t.equal(mayKeep(head('2', { body: 'chunked' })) - bare, 256 * 1024, 'the window of a stream');
  t.equal(mayKeep(head('1.1', { upgrade: 'websocket' })) - bare, 128 * 1024);
});

t.test('so many bytes for one environment, and so many for all', async (t) => {
  const held = new HeldBytes({ maxBytesPerEnv: 10, maxBytesTotal: 15 });
  t.ok(held.enter('a', 10));
  t.notOk(held.enter('a', 1));
  t.notOk(held.enter('b', 6));
  t.ok(held.enter('b', 5));
  t.equal(held.total, 15);
  held.leave('a', 10);
  t.ok(held.enter('a', 4));
  t.equal(held.total, 9);
});

t.test('never over its limits, and nothing is left when all have left', async () => {
  const entries = fc.array(fc.record({ env: fc.constantFrom('a', 'b', 'c'), bytes: fc.nat({ max: 8 }) }));
  fc.assert(
    fc.property(entries, (wanted) => {
      const held = new HeldBytes({ maxBytesPerEnv: 10, maxBytesTotal: 15 });
      const entered = wanted.filter(({ env, bytes }) => held.enter(env, bytes));
      const within = held.total <= 15 && held.total === entered.reduce((sum, { bytes }) => sum + bytes, 0);
      for (const { env, bytes } of entered) held.leave(env, bytes);
      return within && held.total === 0 && held.enter('a', 10);
    }),
  );
});
