import t from 'tap';
import { roughly } from '../../client/rough-time.ts';

t.test('as a person says it', (t) => {
  const cases: [number, string][] = [
    [-5000, '0 s'],
    [0, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [3_600_000, '1 h'],
    [86_400_000, '1 d'],
    [400 * 86_400_000, '400 d'],
  ];
  for (const [ms, text] of cases) t.equal(roughly(ms), text);
  t.end();
});
