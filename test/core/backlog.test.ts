import fc from 'fast-check';
import t from 'tap';
import { Backlog } from '../../core/backlog.ts';

function takeAll(backlog: Backlog): Buffer[] {
  const blocks: Buffer[] = [];
  for (let block = backlog.take(); block !== undefined; block = backlog.take()) blocks.push(block);
  return blocks;
}

t.test('what was appended is taken, in order, whatever the sizes and however they interleave', (t) => {
  const sizes = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40_000 }));
  const steps = fc.array(fc.oneof(sizes, fc.constant('take' as const)), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (steps) => {
      const backlog = new Backlog();
      const given: Buffer[] = [];
      const taken: Buffer[] = [];
      for (const [index, step] of steps.entries()) {
        if (step === 'take') taken.push(backlog.take() ?? Buffer.alloc(0));
        else {
          given.push(Buffer.alloc(step, index));
          backlog.append(Buffer.alloc(step, index));
        }
        const left = Buffer.concat(given).length - Buffer.concat(taken).length;
        if (backlog.length !== left) return false;
      }
      return Buffer.concat(given).equals(Buffer.concat([...taken, ...takeAll(backlog)]));
    }),
    { numRuns: 200 },
  );
  t.end();
});

t.test(
  'a million bytes that came one by one are few buffers, and no slices of those that they came in',
  (t) => {
    const backlog = new Backlog();
    const shared = Buffer.alloc(64 * 1024);
    for (let i = 0; i < 1_000_000; i += 1) backlog.append(shared.subarray(0, 1));
    t.equal(backlog.length, 1_000_000);
    const blocks = takeAll(backlog);
    t.ok(blocks.length < 70, `${blocks.length} buffers`);
    t.notOk(blocks.some((block) => block.buffer === shared.buffer));
    t.ok(blocks.every((block) => block.buffer.byteLength <= 16 * 1024));
    t.end();
  },
);

t.test('a large piece is kept as it is, unless it would hold on to more', (t) => {
  const backlog = new Backlog();
  const own = Buffer.alloc(32 * 1024, 1);
  const shared = Buffer.alloc(36 * 1024, 2);
  backlog.append(own);
  backlog.append(shared.subarray(0, 32 * 1024));
  const [first, second] = takeAll(backlog);
  t.equal(first?.buffer, own.buffer);
  t.not(second?.buffer, shared.buffer);
  t.same(second, shared.subarray(0, 32 * 1024));
  t.end();
});

t.test('cleared, it is empty', (t) => {
  const backlog = new Backlog();
  backlog.append(Buffer.alloc(100));
  backlog.clear();
  t.equal(backlog.length, 0);
  t.equal(backlog.take(), undefined);
  t.end();
});
