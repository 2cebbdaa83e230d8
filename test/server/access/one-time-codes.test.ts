import t from 'tap';
import { OneTimeCodes } from '../../../server/access/one-time-codes.ts';

function codesAt(options: { max?: number; maxPerHolder?: number } = {}) {
  const clock = { now: 1000 };
  const codes = new OneTimeCodes<string>({
    ...{ ttlMs: 60_000, max: 10, holderOf: (value: string) => value.charAt(0), now: () => clock.now },
    ...options,
  });
  return { codes, clock };
}

t.test('a code stands for its value once', async (t) => {
  const { codes } = codesAt();
  const [a, b] = [codes.issue('ana'), codes.issue('bob')];
  t.match(a, /^[\w-]{43}$/);
  t.not(a, b);
  t.equal(codes.peek(a), 'ana');
  t.equal(codes.peek(a), 'ana', 'to look spends nothing');
  t.equal(codes.take(a), 'ana');
  t.equal(codes.take(a), undefined);
  t.equal(codes.peek(a), undefined);
  t.equal(codes.take(b), 'bob');
  t.equal(codes.size, 0);
});

t.test('other texts stand for nothing', async (t) => {
  const { codes } = codesAt();
  const code = codes.issue('ana');
  for (const text of ['', code.slice(1), `${code}a`, `${code}${'x'.repeat(1e6)}`, code.toUpperCase(), '\0'])
    t.equal(codes.take(text), undefined);
  t.equal(codes.take(code), 'ana');
});

t.test('a code is good for its time, and what is over is forgotten', async (t) => {
  const { codes, clock } = codesAt();
  const code = codes.issue('ana');
  const other = codes.issue('bob');
  clock.now += 59_999;
  t.equal(codes.take(other), 'bob');
  clock.now += 1;
  t.equal(codes.peek(code), undefined);
  t.equal(codes.size, 1);
  codes.issue('cat');
  t.equal(codes.size, 1, 'the old one is gone');
  t.equal(codes.take(code), undefined);
});

t.test('who takes too long with a code finds it spent', async (t) => {
  const { codes, clock } = codesAt();
  const code = codes.issue('ana');
  clock.now += 60_000;
  t.equal(codes.take(code), undefined);
  t.equal(codes.size, 0);
});

t.test('the oldest goes when there are too many, and those of others stay', async (t) => {
  const { codes } = codesAt({ max: 4, maxPerHolder: 2 });
  const bob = codes.issue('b');
  const first = codes.issue('a1');
  const own = [codes.issue('a2'), codes.issue('a3')];
  t.equal(codes.peek(first), undefined);
  t.same(
    own.map((code) => codes.peek(code)),
    ['a2', 'a3'],
  );
  t.equal(codes.peek(bob), 'b');
  codes.issue('c');
  codes.issue('d');
  t.equal(codes.size, 4);
  t.equal(codes.peek(bob), undefined, 'the oldest of all');
});

t.test('without a clock of its own it goes by one that nobody sets', async (t) => {
  const codes = new OneTimeCodes<number>({ ttlMs: 60_000, max: 1 });
  const first = codes.issue(1);
  const second = codes.issue(2);
  t.equal(codes.take(first), undefined);
  t.equal(codes.take(second), 2);
});
