import t from 'tap';
import {
  inWords,
  isToldTruth,
  judgeAll,
  judgeRequest,
  tally,
  unexcused,
} from '../../../bench/chaos/judgement.ts';
import type { RequestRecord } from '../../../bench/chaos/records.ts';

const record = (more: Partial<RequestRecord> = {}): RequestRecord => ({
  ...{ id: 'r-1', env: 'one', method: 'GET', mode: 'tls-new' },
  ...{ dueMs: 0, startedMs: 1, endedMs: 5 },
  ...{ kind: 'answered', status: 200, answeredBy: 'one' },
  ...more,
});

const { answeredBy: _nobody, ...unanswered } = record();
const failed = (more: Partial<RequestRecord>): RequestRecord => ({ ...unanswered, ...more });
const lostPost = failed({ method: 'POST', status: 502, code: 'ERR_UPSTREAM_LOST' });

t.test('each ending has its meaning', async (t) => {
  const cases: readonly (readonly [string, RequestRecord, number, string])[] = [
    ['an answer of the right app', record(), 1, 'served'],
    ['a GET that was repeated once', record(), 2, 'served'],
    ['an answer to what no app has seen', record(), 0, 'failed'],
    ['an answer that is not whole', record({ problem: 'the app got another body' }), 1, 'failed'],
    ['an answer of another app', record({ answeredBy: 'two' }), 1, 'wrong-env'],
    ['another answer of another app', record({ answeredBy: 'two', status: 500 }), 1, 'wrong-env'],
    ['a GET seen three times', record(), 3, 'replayed'],
    ['a POST seen twice', record({ method: 'POST' }), 2, 'replayed'],
    ['a POST seen twice and lost', lostPost, 2, 'replayed'],
    ['a POST that was sent and lost', lostPost, 1, 'sent-and-lost'],
    ['a POST that was lost before the app', lostPost, 0, 'lost-on-the-way'],
    ['a GET that was lost', failed({ status: 502, code: 'ERR_UPSTREAM_LOST' }), 1, 'failed'],
    [
      'a POST that was refused',
      failed({ method: 'POST', status: 503, code: 'ERR_ENV_OFFLINE' }),
      0,
      'failed',
    ],
    [
      'a connection that broke',
      failed({ kind: 'broken', method: 'POST', problem: 'ECONNRESET' }),
      1,
      'failed',
    ],
    ['an answer cut short', record({ kind: 'broken' }), 1, 'failed'],
    ['silence', failed({ kind: 'hung' }), 1, 'hung'],
  ];
  for (const [name, request, sightings, verdict] of cases)
    t.equal(judgeRequest(request, sightings), verdict, name);
});

t.test('requests are joined with their sightings by id, and counted', async (t) => {
  const records = [record(), { ...lostPost, id: 'r-2' }, failed({ id: 'r-3', kind: 'hung' })];
  const judged = judgeAll(records, [
    { id: 'r-1', env: 'one' },
    { id: 'r-1', env: 'one' },
    { id: 'r-9', env: 'one' },
  ]);
  t.same(
    judged.map(({ sightings }) => sightings),
    [2, 0, 0],
  );
  t.match(tally(judged), { served: 1, 'lost-on-the-way': 1, hung: 1, failed: 0, replayed: 0 });
  t.same(
    unexcused(judged).map((each) => each.record.id),
    ['r-3'],
  );
});

t.test('what ended badly is told in a line', async (t) => {
  const line = inWords({ record: lostPost, sightings: 1, verdict: 'sent-and-lost' });
  t.match(line, /sent-and-lost: POST r-1 for one by tls-new: answered after 4 ms \(502 ERR_UPSTREAM_LOST\)/);
});

t.test('the truth is a whole answer that says what is the matter', async (t) => {
  t.ok(isToldTruth(record()));
  t.ok(isToldTruth(lostPost));
  t.ok(isToldTruth(failed({ status: 503, code: 'ERR_ENV_OFFLINE' })));
  t.notOk(isToldTruth(record({ problem: 'the answer is for r-2' })));
  t.notOk(isToldTruth(failed({ status: 502 })), 'no reason');
  t.notOk(isToldTruth(failed({ status: 500, code: 'ERR_INTERNAL' })));
  t.notOk(isToldTruth(failed({ status: 404, code: 'ERR_ENV_UNKNOWN' })));
  t.notOk(isToldTruth(failed({ kind: 'hung' })));
  t.notOk(isToldTruth(record({ kind: 'broken' })));
});
