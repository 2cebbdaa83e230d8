import t from 'tap';
import { judge, summarize } from '../../bench/report.ts';
import type { Sample } from '../../bench/report.ts';
import type { PerformanceTarget } from '../../bench/targets.ts';

const sample = (peer: string, value: number, more: Partial<Sample> = {}): Sample => ({
  case: 'fast',
  metric: 'rate',
  unit: 'requests/s',
  better: 'higher',
  peer,
  round: 1,
  value,
  ...more,
});

const samples = [
  ...[100, 300, 200].map((value) => sample('reference', value)),
  ...[150, 100, 900].map((value) => sample('ours', value)),
  sample('ours', 7, { case: 'small', metric: 'memory', unit: 'KB', better: 'lower' }),
];

t.test('takes medians, and the ratio to the median of the reference', async (t) => {
  const [fast, small, ...more] = summarize(samples, 'reference');
  t.match(fast, { case: 'fast', metric: 'rate', unit: 'requests/s', better: 'higher' });
  t.match(fast?.cells['ours'], { median: 150, min: 100, max: 900, ratio: 0.75, samples: [150, 100, 900] });
  t.match(fast?.cells['reference'], { median: 200, ratio: 1 });
  t.equal(small?.cells['ours']?.ratio, undefined, 'no ratio to what was not measured');
  t.same(more, []);
});

t.test('takes no ratio to nothing', async (t) => {
  const [row] = summarize([sample('reference', 0), sample('ours', 1)], 'reference');
  t.equal(row?.cells['ours']?.ratio, undefined);
});

const ratioTarget = (atLeast: number): PerformanceTarget => ({
  ...{ case: 'fast', metric: 'rate', says: 'fast enough' },
  bound: { kind: 'ratio', atLeast },
});
const valueTarget = (atMost: number, metric = 'memory'): PerformanceTarget => ({
  ...{ case: 'small', metric, says: 'small enough' },
  bound: { kind: 'value', atMost },
});

t.test('holds medians against targets', async (t) => {
  const rows = summarize(samples, 'reference');
  const judgeOne = (target: PerformanceTarget): unknown => {
    const { actual, reached, peer } = judge([target], ['ours'], rows)[0]!;
    return { actual, reached, peer };
  };
  t.same(judgeOne(ratioTarget(0.75)), { actual: 0.75, reached: true, peer: 'ours' });
  t.same(judgeOne(ratioTarget(0.8)), { actual: 0.75, reached: false, peer: 'ours' });
  t.same(judgeOne(valueTarget(7)), { actual: 7, reached: true, peer: 'ours' });
  t.same(judgeOne(valueTarget(6.9)), { actual: 7, reached: false, peer: 'ours' });
  const atLeast = (bound: number): PerformanceTarget => ({
    ...valueTarget(0),
    bound: { kind: 'value', atLeast: bound },
  });
  t.same(judgeOne(atLeast(7)), { actual: 7, reached: true, peer: 'ours' });
  t.same(judgeOne(atLeast(7.1)), { actual: 7, reached: false, peer: 'ours' });
});

t.test('tells a target that was not measured, once', async (t) => {
  const verdicts = judge([valueTarget(1, 'other')], ['ours', 'more'], summarize(samples, 'reference'));
  t.match(verdicts, [{ peer: '', actual: undefined, reached: undefined }]);
  t.equal(verdicts.length, 1);
  t.same(
    judge([valueTarget(7)], ['ours', 'more'], summarize(samples, 'reference')).map(({ peer }) => peer),
    ['ours'],
    'and says nothing of a peer that does not run the case',
  );
});
