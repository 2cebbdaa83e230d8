import fc from 'fast-check';
import t from 'tap';
import { AttemptLimits, type AttemptLimitsOptions } from '../../../server/access/attempt-limits.ts';

const minuteMs = 60_000;

/** Limits by a clock that only the test moves. */
function make(options: AttemptLimitsOptions = {}) {
  const clock = { ms: 1_000_000 };
  const told: { source: string; target: string }[] = [];
  const limits = new AttemptLimits({ now: () => clock.ms, onBlocked: (who) => told.push(who), ...options });
  const fail = (address: string, times: number, target = 'pr-1'): void => {
    for (let count = 0; count < times; count += 1) limits.failed(address, target);
  };
  const waits = (address: string, target = 'pr-1'): number => {
    const answer = limits.check(address, target);
    return answer.ok ? 0 : answer.retryAfterSeconds;
  };
  return { limits, clock, told, fail, waits };
}

t.test('ten failures are free, then each one makes wait for twice as long, up to ten minutes', async (t) => {
  const { fail, waits, told } = make();
  fail('192.0.2.1', 10);
  t.equal(waits('192.0.2.1'), 0);
  const all: number[] = [];
  for (let count = 0; count < 14; count += 1) {
    fail('192.0.2.1', 1);
    all.push(waits('192.0.2.1'));
  }
  t.same(all, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600, 600]);
  t.equal(waits('192.0.2.2'), 0, 'nobody else does');
  t.match(told, [{ source: '192.0.2.1', target: 'pr-1' }], 'it is told once');
});

t.test('wherever the secrets are shown', async (t) => {
  const { fail, waits } = make();
  for (let count = 0; count < 11; count += 1) fail('192.0.2.1', 1, `pr-${String(count)}`);
  t.equal(waits('192.0.2.1', 'pr-99'), 1);
});

t.test(
  'all of an IPv6 network are one source, and so is an IPv4 address in the clothes of IPv6',
  async (t) => {
    const { fail, waits } = make();
    for (let count = 0; count < 11; count += 1) fail(`2001:db8::${String(count)}`, 1);
    t.equal(waits('2001:db8::ffff'), 1);
    t.equal(waits('2001:db8:0:1::1'), 0);
    fail('192.0.2.1', 10);
    fail('::ffff:192.0.2.1', 1);
    t.equal(waits('192.0.2.1'), 1);
  },
);

t.test('one is forgiven each minute', async (t) => {
  const { clock, fail, waits } = make();
  fail('192.0.2.1', 11);
  clock.ms += 999;
  t.equal(waits('192.0.2.1'), 1);
  clock.ms += 1;
  t.equal(waits('192.0.2.1'), 0);
  clock.ms += 5 * minuteMs;
  fail('192.0.2.1', 4);
  t.equal(waits('192.0.2.1'), 0);
  fail('192.0.2.1', 1);
  t.equal(waits('192.0.2.1'), 1);
});

t.test('a success takes back what was failed at the same target, and no more', async (t) => {
  const { limits, fail, waits } = make();
  fail('192.0.2.1', 6, 'pr-1');
  fail('192.0.2.1', 4, 'pr-2');
  limits.succeeded('192.0.2.1', 'pr-2');
  fail('192.0.2.1', 4, 'pr-2');
  t.equal(waits('192.0.2.1'), 0);
  fail('192.0.2.1', 1, 'pr-2');
  t.equal(waits('192.0.2.1'), 1);
  limits.succeeded('192.0.2.1', 'pr-1');
  t.equal(waits('192.0.2.1'), 0, 'with so few left nobody waits');
  limits.succeeded('192.0.2.1', 'pr-2');
  t.same(limits.size, { sources: 0, targets: 2 });
});

t.test('who may succeed somewhere cannot take back what is tried elsewhere', async (t) => {
  const { limits, clock, waits } = make();
  let tries = 0;
  // Three days of someone with an environment of their own.
  for (let second = 0; second < 3 * 86_400; second += 60) {
    clock.ms += minuteMs;
    while (waits('192.0.2.1') === 0 && tries < 1_000_000) {
      limits.failed('192.0.2.1', 'own');
      limits.failed('192.0.2.1', 'victim');
      tries += 1;
      if (waits('192.0.2.1', 'own') === 0) limits.succeeded('192.0.2.1', 'own');
    }
  }
  t.ok(tries < 3 * 24 * 60 * 1.5, `${String(tries)} tries: not much more than the one of each minute`);
});

t.test('a target that many fail at gives each of them fewer free', async (t) => {
  const { limits, clock, fail, waits } = make();
  const crowd = (size: number, from: string): void => {
    for (let count = 0; count < size; count += 1) limits.failed(`${from}.${String(count)}`, 'pr-1');
  };
  crowd(150, '10.0.0');
  fail('192.0.2.1', 5);
  t.equal(waits('192.0.2.1'), 0);
  fail('192.0.2.1', 1);
  t.equal(waits('192.0.2.1'), 1, 'half of them');
  crowd(250, '10.0.1');
  crowd(250, '10.0.2');
  t.equal(waits('192.0.2.9'), 0, 'who has not failed may try');
  fail('192.0.2.9', 1);
  t.equal(waits('192.0.2.9'), 0);
  fail('192.0.2.9', 1);
  t.equal(waits('192.0.2.9'), 1);
  fail('192.0.2.10', 10, 'pr-2');
  t.equal(waits('192.0.2.10'), 0, 'other targets have peace');
  clock.ms += 5 * minuteMs;
  fail('192.0.2.11', 10);
  t.equal(waits('192.0.2.11'), 0, 'and this one too, when it is over');
});

const address = fc.oneof(
  fc.integer({ min: 0, max: 30 }).map((last) => `192.0.2.${String(last)}`),
  fc.ipV6(),
  fc.string(),
);
const target = fc.constantFrom('pr-1', 'pr-2', 'web', '');

t.test('whatever happens, memory is bounded, and nobody waits for more than ten minutes', async () => {
  const step = fc.record({
    kind: fc.constantFrom('failed', 'succeeded', 'wait'),
    address,
    target,
    ms: fc.integer({ min: 0, max: 20 * minuteMs }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { limits, clock, waits } = make({ maxSources: 8, maxTargets: 2 });
      return steps.every((each) => {
        if (each.kind === 'wait') clock.ms += each.ms;
        else if (each.kind === 'failed') limits.failed(each.address, each.target);
        else limits.succeeded(each.address, each.target);
        const { sources, targets } = limits.size;
        return waits(each.address) <= 600 && sources <= 8 && targets <= 2;
      });
    }),
  );
});

t.test('who has failed less than twice in ten minutes never waits', async () => {
  fc.assert(
    fc.property(fc.array(address, { maxLength: 300 }), (others) => {
      const { limits, clock, waits } = make();
      for (const other of others) if (other !== '198.51.100.7') limits.failed(other, 'pr-1');
      for (let count = 0; count < 5; count += 1) {
        limits.failed('198.51.100.7', 'pr-1');
        if (waits('198.51.100.7') > 0) return false;
        clock.ms += 10 * minuteMs;
      }
      return true;
    }),
  );
});

t.test('the longest unseen are forgotten first', async (t) => {
  const { limits, fail, waits } = make({ maxSources: 2 });
  fail('192.0.2.1', 11, 'pr-1');
  fail('192.0.2.2', 1, 'pr-2');
  fail('192.0.2.1', 1, 'pr-1');
  fail('192.0.2.3', 1, 'pr-2');
  t.equal(waits('192.0.2.1'), 2);
  t.equal(limits.size.sources, 2);
  t.equal(new AttemptLimits().check('192.0.2.1', 'pr-1').ok, true, 'by a clock of its own');
});
