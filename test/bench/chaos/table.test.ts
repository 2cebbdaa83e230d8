import t from 'tap';
import { allKept, type ScenarioResult } from '../../../bench/chaos/run.ts';
import { chaosTable } from '../../../bench/chaos/table.ts';

const about = (scenario: string) => ({ scenario, title: `about ${scenario}`, seconds: 1 });
const kept: ScenarioResult = {
  ...about('good'),
  kind: 'run',
  findings: [{ asked: 'nothing fails', measured: '0 failed', kept: true }],
};
const missed: ScenarioResult = {
  ...about('bad'),
  kind: 'run',
  findings: [{ asked: 'nothing fails', measured: '1 failed', kept: false }],
};
const failed: ScenarioResult = { ...about('broken'), kind: 'failed', reason: 'it\ndid not start' };
const leftOut: ScenarioResult = { ...about('elsewhere'), kind: 'left-out', reason: 'needs root' };

t.test('the table has a row for each finding, and for each scenario without one', async (t) => {
  const [header, rule, ...rows] = chaosTable([kept, missed, failed, leftOut]).split('\n');
  t.match(header, /^\| scenario +\| +asked \| +measured \| +\|$/);
  t.match(rule, /^\|[ :|-]+\|$/);
  t.equal(rows.length, 4);
  t.match(rows[0], /^\| good .*nothing fails.*0 failed.* ok \|$/);
  t.match(rows[1], /^\| bad .*1 failed.* MISSED \|$/);
  t.match(rows[2], /^\| broken .*about broken.*it did not start.* FAILED \|$/);
  t.match(rows[3], /^\| elsewhere .*needs root.* not run \|$/);
});

t.test(
  'a promise that was missed, or a scenario that could not end, is not kept; what cannot be run here is no matter',
  async (t) => {
    t.ok(allKept([kept, leftOut]));
    t.notOk(allKept([kept, missed]));
    t.notOk(allKept([kept, failed]));
  },
);
