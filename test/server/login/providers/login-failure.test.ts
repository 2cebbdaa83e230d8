import t from 'tap';
import { failureOf, isClientRefused } from '../../../../server/login/providers/login-failure.ts';
import { ProviderUnavailable } from '../../../../server/login/providers/provider-fetch.ts';

const coded = (code: string, message: string, cause?: unknown): Error =>
  Object.assign(new Error(message, { cause }), { code });

t.test('what an error means', async (t) => {
  const down = new Error('something went wrong', { cause: new ProviderUnavailable('it answered 500') });
  t.same(failureOf(down), { kind: 'unavailable', reason: 'it answered 500' });
  t.same(failureOf(coded('OAUTH_TIMEOUT', 'operation timed out')), {
    kind: 'unavailable',
    reason: 'operation timed out',
  });
  const found = coded('OAUTH_JWT_CLAIM_COMPARISON_FAILED', 'unexpected nonce', {
    claims: { nonce: 'secret' },
  });
  t.same(failureOf(coded('OAUTH_JWT_CLAIM_COMPARISON_FAILED', 'unexpected value', found)), {
    kind: 'refused',
    reason: 'unexpected value: unexpected nonce',
  });
  t.match(failureOf(coded('OAUTH_INVALID_RESPONSE', 'no token', { body: {} })), { kind: 'unavailable' });
  t.match(failureOf(coded('OAUTH_INVALID_RESPONSE', 'alg', { header: {} })), { kind: 'refused' });
  t.same(failureOf(new SyntaxError('Unexpected token in "a secret"')), {
    kind: 'refused',
    reason: 'the login failed',
  });
  t.same(failureOf('a secret'), { kind: 'refused', reason: 'the login failed' });
  t.equal(isClientRefused(new Error('x')), false);
});
