import t from 'tap';
import { Login } from '../../client/authentication.ts';
import type { Identity } from '../../client/identity.ts';

const identities = ['a', 'b', 'c', 'd'].map((name): Identity => ({
  source: `file ${name}`,
  fingerprint: `SHA256:${name}`,
  signer: { type: 'publickey', key: { comment: name } as never },
}));

/** The next attempt, as ssh2 asks for it. */
function next(login: Login, methodsLeft: readonly string[] | null): unknown {
  return (login.next as (methodsLeft: readonly string[] | null) => unknown)(methodsLeft);
}

t.test('offers each key once, and then nothing', async (t) => {
  const login = new Login('pr-1', identities.slice(0, 2));
  t.match(next(login, null), { username: 'pr-1', type: 'publickey', key: { comment: 'a' } });
  t.match(next(login, ['publickey']), { key: { comment: 'b' } });
  t.equal(login.exhausted, false);
  t.equal(next(login, ['publickey']), false);
  t.equal(login.exhausted, true);
  t.match(login.refusal(), {
    kind: 'refused',
    code: 'authentication',
    reason: /SHA256:a \(file a\), SHA256:b/,
  });
});

t.test('a gateway that takes no keys is not offered more', async (t) => {
  const login = new Login('pr-1', identities);
  next(login, null);
  t.equal(next(login, ['password']), false);
  t.ok(login.exhausted);
});

t.test('a connection that breaks is no refusal, unless it was cut after many keys', async (t) => {
  const login = new Login('pr-1', identities);
  t.equal(login.refusal(), undefined);
  next(login, null);
  next(login, ['publickey']);
  next(login, ['publickey']);
  t.equal(login.refusal(), undefined, 'two refused keys may be bad luck');
  next(login, ['publickey']);
  t.match(login.refusal(), { code: 'authentication' });
});

t.test('the reason is what the gateway said, fit for a terminal', async (t) => {
  const login = new Login('pr-1', []);
  next(login, null);
  login.banner('porthole: key refused:\r\n\u001b[2Jit expired\n');
  login.banner('\n');
  t.match(login.refusal(), {
    reason: 'not authorised as pr-1: key refused: ?[2Jit expired; offered ',
  });
  for (let index = 0; index < 1000; index++) login.banner('again');
  const refusal = login.refusal();
  t.ok(refusal !== undefined && refusal.reason.length < 500);
});
