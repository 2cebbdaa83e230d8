import fc from 'fast-check';
import t from 'tap';
import {
  approximately,
  formatDeadline,
  formatTime,
  parseMoment,
  parseSpan,
  resolveExpiry,
  resolveSince,
} from '../../core/moment.ts';

const now = Date.UTC(2026, 10, 22, 15, 0, 0);
const day = 86_400_000;

t.test('times as people write them', (t) => {
  const cases = [
    ['never', { kind: 'never' }],
    ['now', { kind: 'now' }],
    ['30d', { kind: 'distance', ms: 30 * day }],
    ['2m', { kind: 'distance', ms: 120_000 }],
    ['2027-01-31', { kind: 'date', at: Date.UTC(2027, 0, 31) }],
    ['2027-01-31T18:00Z', { kind: 'date', at: Date.UTC(2027, 0, 31, 18) }],
    ['2027-01-31t18:00:05z', { kind: 'date', at: Date.UTC(2027, 0, 31, 18, 0, 5) }],
    ['2027-01-31 18:00:05.25+02:00', { kind: 'date', at: Date.UTC(2027, 0, 31, 16, 0, 5, 250) }],
    ['2028-02-29', { kind: 'date', at: Date.UTC(2028, 1, 29) }],
  ] as const;
  for (const [text, value] of cases) t.same(parseMoment(text), { ok: true, value }, text);
  t.end();
});

t.test('what is no time says how to write one', (t) => {
  const cases: readonly (readonly [text: string, problem: RegExp])[] = [
    ['', /write a time/],
    ['30', /needs a unit/],
    ['1y', /365d/],
    ['3M', /month is 30d/],
    ['2 weeks', /units/],
    ['tomorrow', /write a time/],
    ['-1d', /write a time/],
    ['20270131', /unit/],
    ['2027-02-30', /no such day/],
    ['2027-13-01', /no such day/],
    ['2027-01-31T18:00', /time zone.*Z/],
    ['2027-01-31T18:00:00', /time zone/],
    ['2027-01-31T25:00Z', /no such time/],
    ['2027-01-31T18', /write a time/],
    ['2027-01-31T18:00+2', /write a time/],
    ['31.01.2027', /write a time/],
  ];
  for (const [text, problem] of cases) t.match(parseMoment(text), { ok: false, problem }, text);
  t.end();
});

t.test('an expiry lies ahead, and not too far', (t) => {
  t.same(resolveExpiry({ kind: 'never' }, now), { ok: true, value: undefined });
  t.same(resolveExpiry({ kind: 'now' }, now), { ok: true, value: now });
  t.same(resolveExpiry({ kind: 'distance', ms: day }, now), { ok: true, value: now + day });
  t.same(resolveExpiry({ kind: 'date', at: now + 1 }, now), { ok: true, value: now + 1 });
  t.match(resolveExpiry({ kind: 'date', at: now - day }, now), {
    problem: /2026-11-21 15:00:00 UTC has passed: it is 2026-11-22 15:00:00 UTC now/,
  });
  t.match(resolveExpiry({ kind: 'distance', ms: 0 }, now), { ok: false });
  t.match(resolveExpiry({ kind: 'distance', ms: 3660 * day }, now), { problem: /never/ });
  t.match(resolveExpiry({ kind: 'distance', ms: Number.MAX_SAFE_INTEGER }, now), { ok: false });
  t.match(resolveExpiry({ kind: 'date', at: Date.UTC(9999, 0) }, now), { ok: false });
  t.end();
});

t.test('a beginning lies behind', (t) => {
  t.same(resolveSince({ kind: 'never' }, now), { ok: true, value: undefined });
  t.same(resolveSince({ kind: 'now' }, now), { ok: true, value: now });
  t.same(resolveSince({ kind: 'distance', ms: day }, now), { ok: true, value: now - day });
  t.same(resolveSince({ kind: 'distance', ms: Number.MAX_SAFE_INTEGER }, now), { ok: true, value: 0 });
  t.same(resolveSince({ kind: 'date', at: now - 1 }, now), { ok: true, value: now - 1 });
  t.match(resolveSince({ kind: 'date', at: now + 1 }, now), { ok: false });
  t.end();
});

t.test('times are told in UTC, with how far away they are', (t) => {
  t.equal(formatTime(now + 999), '2026-11-22 15:00:00 UTC');
  t.equal(formatDeadline(now + 120_000, now), '2026-11-22 15:02:00 UTC (in 2 minutes)');
  t.equal(formatDeadline(now, now + 5), '2026-11-22 15:00:00 UTC (in 0 seconds)');
  for (const [ms, text] of [
    [30 * day, '30 days'],
    [day, '24 hours'],
    [1000, '1 second'],
    [90_000, '90 seconds'],
    [120_000, '2 minutes'],
  ] as const)
    t.equal(approximately(ms), text);
  t.end();
});

t.test('durations', (t) => {
  t.same(parseSpan('90d'), { ok: true, value: 90 * day });
  for (const text of ['0d', '90', '90days', '', '99999d', '3M'])
    t.match(parseSpan(text), { ok: false }, text);
  t.end();
});

t.test('what is told is read back', (t) => {
  const seconds = fc.integer({ min: 0, max: 253_402_300_799 });
  fc.assert(
    fc.property(seconds, (second) => {
      const parsed = parseMoment(formatTime(second * 1000).replace(' UTC', 'Z'));
      return parsed.ok && parsed.value.kind === 'date' && parsed.value.at === second * 1000;
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => typeof parseMoment(text).ok === 'boolean'));
  t.end();
});
