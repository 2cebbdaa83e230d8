import fc from 'fast-check';
import t from 'tap';
import { Penalties, type PenaltiesOptions } from '../../../server/ssh/penalties.ts';

const minuteMs = 60_000;

/** Penalties by a clock that only the test moves. */
function make(options: Partial<PenaltiesOptions> = {}) {
  const clock = { ms: 1_000_000 };
  const told: { source: string; forMs: number }[] = [];
  const penalties = new Penalties({
    now: () => clock.ms,
    isExempt: () => false,
    onBlocked: (blocked) => told.push(blocked),
    ...options,
  });
  const fail = (address: string, times: number): void => {
    for (let count = 0; count < times; count += 1) penalties.failed(address, 'refused');
  };
  return { penalties, clock, told, fail };
}

t.test('ten failures are free, then each one blocks for twice as long, up to ten minutes', (t) => {
  const { penalties, fail } = make();
  fail('192.0.2.1', 10);
  t.equal(penalties.isBlocked('192.0.2.1'), false);
  const blocks: number[] = [];
  for (let count = 0; count < 14; count += 1) {
    fail('192.0.2.1', 1);
    blocks.push(penalties.blockedForMs('192.0.2.1') / 1000);
  }
  t.same(blocks, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600, 600]);
  t.equal(penalties.isBlocked('192.0.2.2'), false, 'nobody else is');
  t.end();
});

t.test('who only connects and leaves costs a tenth of that', (t) => {
  const { penalties } = make();
  for (let count = 0; count < 100; count += 1) penalties.failed('192.0.2.1', 'nothing');
  t.equal(penalties.isBlocked('192.0.2.1'), false);
  for (let count = 0; count < 10; count += 1) penalties.failed('192.0.2.1', 'nothing');
  t.equal(penalties.isBlocked('192.0.2.1'), true);
  t.end();
});

t.test('a block ends by itself, and failures are forgiven one a minute', (t) => {
  const { penalties, clock, fail } = make();
  fail('192.0.2.1', 11);
  clock.ms += 999;
  t.equal(penalties.blockedForMs('192.0.2.1'), 1);
  clock.ms += 1;
  t.equal(penalties.isBlocked('192.0.2.1'), false);
  clock.ms += 5 * minuteMs;
  fail('192.0.2.1', 4);
  t.equal(penalties.isBlocked('192.0.2.1'), false, 'six are left, and four more are ten');
  fail('192.0.2.1', 1);
  t.equal(penalties.isBlocked('192.0.2.1'), true);
  clock.ms += 12 * minuteMs;
  t.equal(penalties.isBlocked('192.0.2.1'), false);
  t.equal(penalties.size, 0, 'and is forgotten');
  t.end();
});

t.test('somebody who comes once in a minute and fails is never blocked', (t) => {
  const { penalties, clock, fail } = make();
  for (let count = 0; count < 200; count += 1) {
    fail('192.0.2.1', 1);
    t.equal(penalties.isBlocked('192.0.2.1'), false);
    clock.ms += minuteMs;
  }
  t.end();
});

t.test('an IPv6 network is one source; an IPv4 address is, in both of its forms', (t) => {
  const { penalties } = make();
  for (let host = 1; host <= 11; host += 1) penalties.failed(`2001:db8:1:2::${String(host)}`, 'refused');
  t.equal(penalties.isBlocked('2001:db8:1:2:ffff::'), true);
  t.equal(penalties.isBlocked('2001:db8:1:3::1'), false);
  for (let count = 0; count < 11; count += 1) penalties.failed('::ffff:192.0.2.9', 'late');
  t.equal(penalties.isBlocked('192.0.2.9'), true);
  t.end();
});

t.test('whoever has a live session is not blocked, nor for a while after it', (t) => {
  const { penalties, clock, fail } = make();
  fail('192.0.2.1', 15);
  t.equal(penalties.isBlocked('192.0.2.1'), true);
  const first = penalties.succeeded('192.0.2.1');
  const second = penalties.succeeded('192.0.2.1');
  t.equal(penalties.isBlocked('192.0.2.1'), false, 'a session that began before the block');
  first();
  first();
  fail('192.0.2.1', 100);
  t.equal(penalties.isBlocked('192.0.2.1'), false, 'the second lives');
  second();
  fail('192.0.2.1', 100);
  t.equal(penalties.isBlocked('192.0.2.1'), false, 'it may come back');
  clock.ms += 10 * minuteMs;
  t.equal(penalties.isBlocked('192.0.2.1'), false, 'what failed beside it is not held against it');
  fail('192.0.2.1', 11);
  t.equal(penalties.isBlocked('192.0.2.1'), true);
  t.end();
});

t.test('exempt sources are never blocked, also beside one of their network that is', (t) => {
  const { penalties, fail } = make({ isExempt: (address) => address === '2001:db8::1' });
  fail('2001:db8::1', 100);
  t.equal(penalties.size, 0);
  fail('2001:db8::2', 100);
  t.equal(penalties.isBlocked('2001:db8::2'), true);
  t.equal(penalties.isBlocked('2001:db8::1'), false);
  t.end();
});

t.test(
  'a block is told, and again when it has become much longer, until the source is in good standing again',
  (t) => {
    const { clock, told, fail } = make();
    fail('192.0.2.1', 30);
    t.same(
      told,
      [1000, 8000, 64_000, 512_000].map((forMs) => ({ source: '192.0.2.1', forMs })),
    );
    clock.ms += 60 * minuteMs;
    fail('192.0.2.1', 11);
    t.equal(told.length, 5);
    t.end();
  },
);

t.test('whoever failed longest ago is forgotten first', (t) => {
  const { penalties, fail } = make({ maxSources: 2 });
  fail('192.0.2.1', 11);
  fail('192.0.2.2', 11);
  fail('192.0.2.1', 1);
  fail('192.0.2.3', 11);
  t.same(
    ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => penalties.isBlocked(address)),
    [true, false, true],
  );
  t.end();
});

const address = fc.integer({ min: 1, max: 12 }).map((host) => `192.0.2.${String(host)}`);
const step = fc.oneof(
  fc.record({
    kind: fc.constant('failed' as const),
    address,
    why: fc.constantFrom('refused' as const, 'late' as const, 'nothing' as const),
  }),
  fc.record({ kind: fc.constant('succeeded' as const), address }),
  fc.record({ kind: fc.constant('ended' as const), index: fc.nat(50) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(20 * minuteMs) }),
);

t.test('whatever happens, it is bounded, ends, and spares the living', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { penalties, clock } = make({ maxSources: 5 });
      const live: { address: string; end: () => void }[] = [];
      for (const each of steps) {
        if (each.kind === 'failed') penalties.failed(each.address, each.why);
        else if (each.kind === 'succeeded')
          live.push({ address: each.address, end: penalties.succeeded(each.address) });
        else if (each.kind === 'ended') live.splice(each.index % (live.length + 1), 1)[0]?.end();
        else clock.ms += each.ms;
        if (live.some((session) => penalties.isBlocked(session.address))) return false;
        if (penalties.size > 5 + 5 + live.length) return false;
      }
      for (const { end } of live) end();
      clock.ms += 10 * minuteMs;
      for (let host = 1; host <= 12; host += 1)
        if (penalties.isBlocked(`192.0.2.${String(host)}`)) return false;
      return true;
    }),
  );
  t.end();
});

t.test('one failure more never makes a block shorter, and waiting never makes it longer', (t) => {
  const gaps = fc.array(fc.nat(2 * minuteMs), { maxLength: 60 });
  fc.assert(
    fc.property(gaps, fc.nat(59), (waits, extraAt) => {
      const [less, more] = [make(), make()];
      for (const [index, ms] of waits.entries()) {
        less.fail('192.0.2.1', 1);
        more.fail('192.0.2.1', index === extraAt ? 2 : 1);
        for (const { penalties, clock } of [less, more]) {
          const before = penalties.blockedForMs('192.0.2.1');
          clock.ms += ms;
          if (penalties.blockedForMs('192.0.2.1') > before) return false;
        }
        if (more.penalties.blockedForMs('192.0.2.1') < less.penalties.blockedForMs('192.0.2.1')) return false;
      }
      return true;
    }),
  );
  t.end();
});
