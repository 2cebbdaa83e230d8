import t from 'tap';
import type { RequestRecord } from '../../../bench/chaos/records.ts';
import { answerOf, truthOf } from '../../../bench/chaos/truth.ts';

const record = (tookMs: number, more: Partial<RequestRecord>): RequestRecord => ({
  ...{ id: 'r-1', env: 'one', method: 'GET', mode: 'h2', kind: 'answered' },
  ...{ dueMs: 0, startedMs: 0, endedMs: tookMs },
  ...more,
});

const served = record(5, { status: 200, answeredBy: 'one' });
const offline = record(900, { status: 503, code: 'ERR_ENV_OFFLINE' });

t.test('all were told the truth in time', async (t) => {
  const truth = truthOf([served, served, offline], 1000);
  t.equal(truth.kept, true);
  t.equal(truth.inWords, '3 of 3 were (2 x 200, 1 x 503 ERR_ENV_OFFLINE), slowest 0.900 s');
  t.same(truth.problems, []);
});

t.test('late, wrong or no answers are told', async (t) => {
  const broken = record(3, { kind: 'broken', problem: 'ECONNRESET' });
  const truth = truthOf([served, { ...offline, endedMs: 1001 }, broken], 1000);
  t.equal(truth.kept, false);
  t.same(truth.problems, [
    'GET r-1 by h2: 503 ERR_ENV_OFFLINE after 1001 ms',
    'GET r-1 by h2: broken ECONNRESET after 3 ms',
  ]);
});

t.test('nothing asked is nothing shown', async (t) => {
  t.equal(truthOf([], 1000).kept, false);
  t.equal(answerOf(record(1, { kind: 'hung' })), 'hung');
});
