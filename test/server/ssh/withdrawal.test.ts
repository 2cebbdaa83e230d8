import t from 'tap';
import type { Identity } from '../../../server/identity/identity.ts';
import type { Login } from '../../../server/ssh/login.ts';
import { admitAgain, Withdrawal, type WithdrawalFacts } from '../../../server/ssh/withdrawal.ts';
import { dialIn } from '../../support/machine.ts';
import { startSshGateway } from '../../support/ssh-gateway.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const identity: Identity = {
  principal: 'me',
  role: 'machine',
  envPatterns: ['pr-*'],
  fingerprint: 'SHA256:x',
  keyId: 'abc',
  source: { kind: 'stored' },
};
const login: Login = {
  user: 'pr-1',
  identity,
  env: 'pr-1',
  key: { type: 'ssh-ed25519', blob: Buffer.from('key') },
};

function facts(now: Partial<Identity> | string = {}, others: Partial<WithdrawalFacts> = {}): WithdrawalFacts {
  return {
    admissions: {
      admit: () =>
        typeof now === 'string'
          ? { kind: 'refused', reason: now }
          : { kind: 'admitted', identity: { ...identity, ...now } },
    },
    routes: { mayClaim: () => true },
    remoteAddress: '192.0.2.1',
    forwards: [{ options: {} }],
    defaultAccess: 'private',
    widestAccess: 'public',
    contact: 'the team',
    ...others,
  };
}

t.test('nothing is withdrawn from whoever could log in again', (t) => {
  t.match(admitAgain(login, facts()), { kind: 'admitted' });
  t.match(admitAgain(login, facts({ role: 'admin', envPatterns: ['*'] })), {
    kind: 'admitted',
    identity: { role: 'admin' },
  });
  t.end();
});

t.test('the key, its principal, its name, the name itself', (t) => {
  t.match(admitAgain(login, facts('this key was revoked')), {
    kind: 'refused',
    reason: 'this key was revoked',
  });
  t.match(admitAgain(login, facts({ principal: 'you' })), { kind: 'refused', reason: /another principal/ });
  t.match(admitAgain(login, facts({ envPatterns: ['dev-*'] })), {
    kind: 'refused',
    reason: /may not use the name pr-1 any more/,
  });
  const routes = { mayClaim: (): boolean => false };
  t.match(admitAgain(login, facts({}, { routes })), {
    kind: 'refused',
    reason: /the name pr-1 belongs to somebody else now/,
  });
  t.end();
});

t.test('who offers nothing may stay under a name that is not theirs: to manage it, or to read why', (t) => {
  const routes = { mayClaim: (): boolean => false };
  t.match(admitAgain(login, facts({}, { routes, forwards: [] })), { kind: 'admitted' });
  const never = { ...login, env: 'dev', identity: { ...identity, envPatterns: [] } };
  t.match(admitAgain(never, facts({ envPatterns: [] }, { forwards: [] })), { kind: 'admitted' });
  t.end();
});

t.test('a forward that asks for more than its key may have now', async (t) => {
  const forwards = [{ options: {} }, { options: { access: 'public' as const } }];
  t.match(admitAgain(login, facts({ widestAccess: 'public' }, { forwards })), { kind: 'admitted' });
  t.match(admitAgain(login, facts({ widestAccess: 'team' }, { forwards })), {
    kind: 'refused',
    reason: /access=public is more than this key may have: at most team; for more, ask the team/,
  });
  t.match(admitAgain(login, facts({ widestAccess: 'private' })), { kind: 'admitted' });
});

t.test('the key is asked for from where it came', (t) => {
  const asked: unknown[] = [];
  const admissions: WithdrawalFacts['admissions'] = {
    admit: (...words) => {
      asked.push(words);
      return { kind: 'admitted', identity };
    },
  };
  admitAgain(login, facts({}, { admissions }));
  t.same(asked, [[login.key, '192.0.2.1']]);
  t.end();
});

t.test(
  'a tunnel whose name is no longer its own ends at the next look; one that offers nothing stays',
  async (t) => {
    const gateway = await startSshGateway(t);
    const [mine, idle] = [await dialIn(t, gateway.port), await dialIn(t, gateway.port)];
    await mine.forward('web', 80);
    const [tunnel] = gateway.server.tunnels;
    gateway.registry.transfer('pr-1', tunnel?.owner ?? '', 'somebody else');
    gateway.admissions.set(makeKey(t).blob, {});
    t.equal(await tunnel?.closed, 'access withdrawn: the name pr-1 belongs to somebody else now');
    await mine.closed;
    t.match(await idle.run('status'), { code: 0 });
  },
);

t.test('access ends at once, but not while its user is told the answer to a command', async (t) => {
  const ends: string[] = [];
  new Withdrawal((reason) => ends.push(reason)).begin('revoked', { isAnswering: false });
  t.same(ends, ['revoked']);
  const told = Promise.withResolvers<string>();
  // Its own timer holds up no process.
  const alive = setInterval(() => undefined, 1000);
  t.teardown(() => clearInterval(alive));
  const withdrawal = new Withdrawal(told.resolve, { answerMs: 20 });
  withdrawal.begin('revoked', { isAnswering: true });
  // Another change comes when the answer is written, and the user has not read it yet.
  withdrawal.begin('again', { isAnswering: false });
  t.equal(await told.promise, 'revoked');
});
