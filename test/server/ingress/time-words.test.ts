import fc from 'fast-check';
import t from 'tap';
import { agoWords, clockWords } from '../../../server/ingress/time-words.ts';

t.test('a moment is written as short as it can be seen from now', async (t) => {
  const now = Date.parse('2026-11-22T15:00:00Z');
  const cases: [string, string][] = [
    ['2026-11-22T14:02:59Z', '14:02 UTC'],
    ['2026-11-22T00:00:00Z', '00:00 UTC'],
    ['2026-11-21T23:59:00Z', '21 November, 23:59 UTC'],
    ['2026-01-01T08:05:00Z', '1 January, 08:05 UTC'],
    ['2025-12-31T08:05:00Z', '31 December 2025, 08:05 UTC'],
  ];
  for (const [at, words] of cases) t.equal(clockWords(Date.parse(at), now), words);
});

t.test('how long ago, in whole units', async (t) => {
  const minute = 60_000;
  const cases: [number, string][] = [
    [-5, 'just now'],
    [0, 'just now'],
    [minute, 'a minute ago'],
    [2 * minute, '2 minutes ago'],
    [119 * minute, '119 minutes ago'],
    [120 * minute, '2 hours ago'],
    [47 * 60 * minute, '47 hours ago'],
    [48 * 60 * minute, '2 days ago'],
    [400 * 24 * 60 * minute, '400 days ago'],
  ];
  for (const [ms, words] of cases) t.equal(agoWords(ms), words);
  fc.assert(fc.property(fc.nat(), (ms) => /^(?:just now|(?:a|\d+) \w+ ago)$/.test(agoWords(ms))));
});
