import t from 'tap';
import { Attempts } from '../../../server/ingress/attempts.ts';
import type { CallFailure } from '../../../server/ingress/call.ts';
import { FakeForward } from './fake-forward.ts';

const get = { idempotent: true, hasBody: false, bodyTaken: false };
const gone: CallFailure = { kind: 'not-opened', failure: { kind: 'gone' } };
const closed: CallFailure = { kind: 'closed', reused: false };
const stale: CallFailure = { kind: 'closed', reused: true };

t.test('a request is in flight on one forward at a time, and counted once', async (t) => {
  const attempts = new Attempts();
  const [a, b] = [new FakeForward(1), new FakeForward(1)];
  t.notOk(attempts.begin(a));
  t.equal(a.load.requests, 1);
  attempts.failed({ forward: a, failure: gone }, get);
  t.equal(a.load.requests, 0);
  t.ok(attempts.begin(b));
  t.ok(attempts.begin(b), 'also when it goes there again');
  t.equal(b.load.requests, 1);
  attempts.end();
  attempts.end();
  t.equal(b.load.requests, 0);
});

t.test('knows what may have arrived, and where it failed', async (t) => {
  const attempts = new Attempts();
  const [a, b] = [new FakeForward(1), new FakeForward(1)];
  attempts.begin(a);
  t.equal(attempts.failed({ forward: a, failure: gone }, get), 'other');
  t.ok(attempts.unsent);
  t.ok(attempts.failedOn(a));
  t.notOk(attempts.failedOn(b));
  attempts.begin(b);
  t.equal(attempts.failed({ forward: b, failure: stale }, get), 'same');
  t.notOk(attempts.unsent);
  t.notOk(attempts.failedOn(b), 'a stale channel says nothing about its forward');
  attempts.begin(b);
  t.equal(attempts.failed({ forward: b, failure: closed }, get), 'no');
});

t.test('a client that comes and goes is followed for a while', async (t) => {
  const attempts = new Attempts();
  const tries = Array.from({ length: 8 }, () => {
    const forward = new FakeForward(1);
    attempts.begin(forward);
    return attempts.failed({ forward, failure: gone }, { ...get, idempotent: false, hasBody: true });
  });
  t.same(tries, [...Array.from({ length: 7 }, () => 'other'), 'no']);
});
