import t from 'tap';
import type { CallFailure } from '../../../server/ingress/call.ts';
import { TlsHandshakeError } from '../../../server/ingress/tls-channel.ts';
import { failureOfCall } from '../../../server/ingress/upstream-failure.ts';
import { FakeForward } from './fake-forward.ts';

function codeOf(failure: CallFailure, live = true, safe = true): string {
  const forward = new FakeForward(1);
  forward.live = live;
  return failureOfCall(failure, forward, { safe }).code;
}

t.test('each way to fail has its code', async (t) => {
  const notOpened = (failure: Extract<CallFailure, { kind: 'not-opened' }>['failure']): CallFailure => ({
    kind: 'not-opened',
    failure,
  });
  t.equal(codeOf(notOpened({ kind: 'refused', detail: '' })), 'ERR_UPSTREAM_REFUSED');
  t.equal(codeOf(notOpened({ kind: 'prohibited', detail: '' })), 'ERR_UPSTREAM_REFUSED');
  t.equal(codeOf(notOpened({ kind: 'timeout' })), 'ERR_UPSTREAM_TIMEOUT');
  t.equal(codeOf(notOpened({ kind: 'limit' })), 'ERR_BUSY');
  t.equal(codeOf(notOpened({ kind: 'gone' })), 'ERR_UPSTREAM_LOST');
  t.equal(codeOf({ kind: 'closed', reused: false }), 'ERR_UPSTREAM_PROTOCOL', 'the upstream closed it');
  t.equal(codeOf({ kind: 'closed', reused: false }, false), 'ERR_UPSTREAM_LOST', 'the tunnel was lost');
  t.equal(codeOf({ kind: 'closed', reused: true }), 'ERR_UPSTREAM_PROTOCOL', 'time and again');
  t.equal(codeOf({ kind: 'closed', reused: true }, true, false), 'ERR_UPSTREAM_LOST', 'it may have arrived');
  t.equal(codeOf({ kind: 'not-sent' }), 'ERR_UPSTREAM_LOST');
  t.equal(codeOf({ kind: 'nonsense', cause: 0 }), 'ERR_UPSTREAM_PROTOCOL');
  t.equal(codeOf({ kind: 'truncated' }), 'ERR_UPSTREAM_PROTOCOL');
  t.equal(codeOf({ kind: 'not-processed', cause: new TlsHandshakeError(0) }), 'ERR_UPSTREAM_PROTOCOL');
  t.equal(codeOf({ kind: 'not-processed', cause: 0 }), 'ERR_UPSTREAM_PROTOCOL');
  t.equal(codeOf({ kind: 'not-processed', cause: 0 }, false), 'ERR_UPSTREAM_LOST');
});

t.test('what was lost and only asked is asked again by its page, the rest by nobody', async (t) => {
  const forward = new FakeForward(1);
  forward.live = false;
  const lost: CallFailure = { kind: 'closed', reused: false };
  t.ok(failureOfCall(lost, forward, { safe: true }).waitsUntil);
  t.equal(failureOfCall(lost, forward, { safe: false }).waitsUntil, undefined);
  t.equal(codeOf({ kind: 'not-processed', cause: new TlsHandshakeError(0) }, false), 'ERR_UPSTREAM_LOST');
});

t.test('a refusal names the address that was dialled, as far as anybody has told it', async (t) => {
  const forward = new FakeForward(1);
  const reasonFor = (detail: string): string | undefined =>
    failureOfCall({ kind: 'not-opened', failure: { kind: 'refused', detail } }, forward).reason;
  t.match(reasonFor('connect ECONNREFUSED 127.0.0.1:3000'), '127.0.0.1:3000');
  t.match(reasonFor('nothing at localhost:8080, sorry'), 'localhost:8080');
  t.match(reasonFor('[::1]:3000 refused'), '[::1]:3000');
  t.match(reasonFor('connect ENOENT /run/my-app/app.sock'), 'at /run/my-app/app.sock.');
  t.match(reasonFor('Connection refused'), '-R web:80');
  const { facts } = failureOfCall(
    { kind: 'not-opened', failure: { kind: 'refused', detail: 'Connection refused' } },
    forward,
  );
  t.same(
    facts?.map(({ field, value }) => [field, value]),
    [
      ['forward', '-R web:80'],
      ['detail', 'Connection refused'],
    ],
  );
});
