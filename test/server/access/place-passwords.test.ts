import t from 'tap';
import { hashPassword } from '../../../server/access/passwords.ts';
import { findPassword, passwordsOf } from '../../../server/access/place-passwords.ts';
import { doorNowMs, grantOf, placeAt } from '../../support/door.ts';

t.test('those of the environment and of the service, while they open it', async (t) => {
  const password = { kind: 'password', hash: 'x', expiresAt: undefined } as const;
  const given = [
    grantOf('env', password),
    grantOf('web', { ...password, service: 'web' }),
    grantOf('api', { ...password, service: 'api' }),
    grantOf('revoked', { ...password, revokedAt: doorNowMs }),
    grantOf('former', { ...password, owner: 'ben' }),
    grantOf('link'),
  ];
  const grants = { ofEnv: (env: string) => given.filter((grant) => grant.env === env) };
  const idsAt = (label: string): string[] =>
    passwordsOf(placeAt(label), { grants, nowMs: doorNowMs }).map(({ id }) => id);
  t.same(idsAt('web--pr-42'), ['env', 'web']);
  t.same(idsAt('pr-42'), ['env']);
  t.same(idsAt('web--pr-9'), []);
});

t.test('which of them it is', async (t) => {
  const [first, second] = await Promise.all(
    ['of the env', 'of the service'].map((each) => hashPassword(each)),
  );
  const passwords = [
    grantOf('env', { kind: 'password', hash: first }),
    grantOf('web', { kind: 'password', hash: second }),
  ];
  const place = placeAt('web--pr-42');
  t.match(await findPassword('of the env', place, passwords), { id: 'env' });
  t.match(await findPassword('of the service', place, passwords), { id: 'web' });
  t.equal(await findPassword('another', place, passwords), undefined);
  t.equal(await findPassword('another', placeAt('pr-42'), []), undefined);
});
