import fc from 'fast-check';
import t from 'tap';
import type { CallFailure } from '../../../server/ingress/call.ts';
import type { Attempt } from '../../../server/ingress/retry.ts';
import { retryAfter } from '../../../server/ingress/retry.ts';

const get: Omit<Attempt, 'failure'> = {
  calls: 1,
  idempotent: true,
  hasBody: false,
  bodyTaken: false,
  forwardLive: true,
  hasStandby: false,
};
const post = { ...get, idempotent: false, hasBody: true };
const gone: CallFailure = { kind: 'not-opened', failure: { kind: 'gone' } };
const refused: CallFailure = { kind: 'not-opened', failure: { kind: 'refused', detail: '' } };
const timeout: CallFailure = { kind: 'not-opened', failure: { kind: 'timeout' } };
const stale: CallFailure = { kind: 'closed', reused: true };
const closed: CallFailure = { kind: 'closed', reused: false };

t.test('what was not sent may go elsewhere, whatever it is', async (t) => {
  t.equal(retryAfter({ ...post, failure: gone }), 'other');
  t.equal(retryAfter({ ...post, failure: refused, hasStandby: true }), 'other');
  t.equal(retryAfter({ ...post, failure: timeout, hasStandby: true }), 'other');
  t.equal(retryAfter({ ...post, failure: refused }), 'no');
  t.equal(retryAfter({ ...post, failure: { kind: 'not-processed', cause: 0 }, hasStandby: true }), 'other');
});

t.test('what was sent is repeated only when that is safe', async (t) => {
  t.equal(retryAfter({ ...get, failure: stale }), 'same', 'a channel that was closed while idle');
  t.equal(retryAfter({ ...get, failure: closed }), 'no', 'the upstream has seen it');
  t.equal(retryAfter({ ...get, failure: closed, hasStandby: true }), 'other');
  t.equal(retryAfter({ ...get, failure: closed, forwardLive: false }), 'other');
  t.equal(retryAfter({ ...post, failure: stale }), 'no');
  t.equal(retryAfter({ ...post, hasBody: false, failure: stale }), 'no');
  t.equal(retryAfter({ ...get, hasBody: true, failure: stale }), 'no');
});

t.test('an answer that has begun, or is none, is never asked for again', async (t) => {
  t.equal(retryAfter({ ...get, failure: { kind: 'nonsense', cause: 0 }, hasStandby: true }), 'no');
  t.equal(retryAfter({ ...get, failure: { kind: 'truncated' }, hasStandby: true }), 'no');
});

t.test('never twice, never without the whole body, never a POST that may have arrived', async () => {
  const failure = fc.constantFrom(gone, refused, timeout, stale, closed);
  fc.assert(
    fc.property(
      failure,
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      (each, idempotent, hasBody, forwardLive, hasStandby) => {
        const attempt = { ...get, failure: each, idempotent, hasBody, forwardLive, hasStandby };
        const sent = each.kind === 'closed';
        return (
          retryAfter({ ...attempt, calls: 2 }) === 'no' &&
          retryAfter({ ...attempt, bodyTaken: true }) === 'no' &&
          (!sent || (idempotent && !hasBody) || retryAfter(attempt) === 'no')
        );
      },
    ),
  );
});
