import t from 'tap';
import {
  type Check,
  type CheckResult,
  failed,
  fine,
  runChecks,
  type Verdict,
  warning,
} from '../../../client/doctor/check.ts';
import { resultJson, resultLines, summaryLine } from '../../../client/doctor/doctor-report.ts';

const { signal } = new AbortController();

function check(name: string, verdict: Verdict, ...needs: string[]): Check {
  return { name, needs, run: () => Promise.resolve(verdict) };
}

async function results(...checks: Check[]): Promise<CheckResult[]> {
  return runChecks(checks, { signal, onResult: () => undefined });
}

t.test('what makes no sense after a failure is skipped, and what does is not', async (t) => {
  const told: string[] = [];
  const done = await runChecks(
    [
      check('a', fine('good')),
      check('b', warning('so so', 'mind it'), 'a'),
      check('c', failed('bad', 'mend it'), 'b'),
      check('d', fine('good'), 'c'),
      check('e', fine('good'), 'd'),
      check('f', fine('good')),
    ],
    { signal, onResult: ({ name, status }) => told.push(`${name} ${status}`) },
  );
  t.same(told, ['a ok', 'b warning', 'c failed', 'd skipped', 'e skipped', 'f ok']);
  t.match(done[3], { detail: 'needs c', ms: 0 });
});

t.test('whoever is stopped tries no more', async (t) => {
  const stop = new AbortController();
  const first: Check = {
    name: 'first',
    needs: [],
    run: () => {
      stop.abort();
      return Promise.withResolvers<Verdict>().promise;
    },
  };
  const done = await runChecks([first, check('second', fine('good'))], {
    signal: stop.signal,
    onResult: () => undefined,
  });
  t.same(
    done.map(({ status }) => status),
    ['skipped', 'skipped'],
  );
});

t.test('for people', async (t) => {
  const done = await results(
    check('one', fine('good')),
    check('two', failed('bad', 'mend it')),
    check('3', fine(''), 'two'),
  );
  t.same(
    done.flatMap(resultLines).map(({ text }) => text),
    [
      'ok    one           good',
      'FAIL  two           bad',
      '                    -> mend it',
      'skip  3             needs two',
    ],
  );
  t.match(summaryLine(done).text, 'look at two first');
  t.match(summaryLine([...done, ...done]).text, /2 failed/);
  t.match(summaryLine(done.slice(0, 1)), { tone: 'good' });
});

t.test('for programs', async (t) => {
  const done = await results(
    check('one', warning('so so', 'mind it')),
    check('two', failed('bad', 'x')),
    check('3', fine(''), 'two'),
  );
  t.match(done.map(resultJson), [
    { name: 'one', ok: true, status: 'warning', detail: 'so so', next: 'mind it', ms: Number },
    { name: 'two', ok: false, status: 'failed' },
    { name: '3', ok: false, status: 'skipped', ms: 0 },
  ]);
});
