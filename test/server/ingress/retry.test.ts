import fc from 'fast-check';
import t from 'tap';
import type { CallFailure } from '../../../server/ingress/call.ts';
import type { Attempt } from '../../../server/ingress/retry.ts';
import { mayHaveArrived, retryAfter } from '../../../server/ingress/retry.ts';

const get: Omit<Attempt, 'failure'> = {
  calls: 1,
  sent: 0,
  idempotent: true,
  hasBody: false,
  bodyTaken: false,
  forwardLive: true,
};
const post = { ...get, idempotent: false, hasBody: true };
const gone: CallFailure = { kind: 'not-opened', failure: { kind: 'gone' } };
const refused: CallFailure = { kind: 'not-opened', failure: { kind: 'refused', detail: '' } };
const timeout: CallFailure = { kind: 'not-opened', failure: { kind: 'timeout' } };
const notSent: CallFailure = { kind: 'not-sent' };
const notProcessed: CallFailure = { kind: 'not-processed', cause: 0 };
const stale: CallFailure = { kind: 'closed', reused: true };
const closed: CallFailure = { kind: 'closed', reused: false };
const nonsense: CallFailure = { kind: 'nonsense', cause: 0 };
const truncated: CallFailure = { kind: 'truncated' };

t.test('what was not sent may go elsewhere, whatever it is, and oftener than once', async (t) => {
  for (const failure of [gone, refused, timeout])
    t.equal(retryAfter({ ...post, failure, calls: 5 }), 'other');
  t.equal(retryAfter({ ...post, failure: notSent }), 'same', 'on a channel that has not closed yet');
  t.equal(retryAfter({ ...post, failure: notSent, forwardLive: false }), 'other');
  t.equal(retryAfter({ ...post, failure: notProcessed, sent: 1 }), 'other');
});

t.test('what was sent is repeated only when that is safe', async (t) => {
  const sent = { ...get, sent: 1 };
  t.equal(retryAfter({ ...sent, failure: stale }), 'same', 'a channel that was closed while idle');
  t.equal(retryAfter({ ...sent, failure: closed }), 'other', 'the upstream there has seen it');
  t.equal(retryAfter({ ...sent, failure: stale, forwardLive: false }), 'other');
  t.equal(retryAfter({ ...sent, failure: closed, forwardLive: false }), 'other');
  t.equal(retryAfter({ ...sent, failure: closed, sent: 2 }), 'no', 'once');
  t.equal(retryAfter({ ...sent, failure: notProcessed, sent: 2 }), 'no');
  t.equal(retryAfter({ ...post, sent: 1, failure: stale }), 'no');
  t.equal(retryAfter({ ...post, sent: 1, hasBody: false, failure: stale }), 'no');
  t.equal(retryAfter({ ...sent, hasBody: true, failure: stale }), 'no');
});

t.test('an answer that has begun, or is none, is never asked for again', async (t) => {
  t.equal(retryAfter({ ...get, sent: 1, failure: nonsense }), 'no');
  t.equal(retryAfter({ ...get, sent: 1, failure: truncated }), 'no');
});

t.test('never for ever, never without the whole body, never a POST that may have arrived', async () => {
  const failure = fc.constantFrom(gone, refused, timeout, notSent, notProcessed, stale, closed, nonsense);
  fc.assert(
    fc.property(
      failure,
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      fc.nat({ max: 3 }),
      (each, idempotent, hasBody, forwardLive, earlier) => {
        const sent = earlier + (mayHaveArrived(each) ? 1 : 0);
        const attempt = { ...get, failure: each, idempotent, hasBody, forwardLive, sent };
        const arrived = each.kind === 'closed' || each.kind === 'nonsense';
        return (
          retryAfter({ ...attempt, calls: 8 }) === 'no' &&
          retryAfter({ ...attempt, bodyTaken: true }) === 'no' &&
          (!arrived || (idempotent && !hasBody) || retryAfter(attempt) === 'no') &&
          (!mayHaveArrived(each) || sent < 2 || retryAfter(attempt) === 'no')
        );
      },
    ),
  );
});
