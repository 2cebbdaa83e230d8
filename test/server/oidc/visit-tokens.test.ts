import t from 'tap';
import { grantIdOf } from '../../../server/access/grant-token.ts';
import { VisitTokens } from '../../../server/oidc/visit-tokens.ts';

const request = {
  ...{
    env: 'pr-42',
    principal: 'ci:shop',
    policy: 'tests',
    expiresAt: 2000,
    address: '192.0.2.1',
    now: 1000,
  },
};
const grantKey = Buffer.alloc(32, 1);

t.test('a token is a grant of the environment, for as long as its owner stays', async (t) => {
  const changed: unknown[] = [];
  const change = (...words: unknown[]): Promise<void> => {
    changed.push(words);
    return Promise.resolve();
  };
  const tokens = new VisitTokens({ grants: { change }, grantKey, ownerOf: () => 'ana' });
  const [one, two] = [await tokens.issue(request), await tokens.issue(request)];
  t.not(one.token, two.token);
  t.equal(grantIdOf(grantKey, 'token', one.token), one.id);
  t.match(changed[0], [
    [{ kind: 'add', grant: { id: one.id, kind: 'token', env: 'pr-42', owner: 'ana', expiresAt: 2000 } }],
    { at: 1000, action: 'token.create', target: 'pr-42', principal: 'ci:shop', address: '192.0.2.1' },
  ]);
});

t.test('there is none for what is not there', async (t) => {
  const grants = { change: () => Promise.reject(new Error('not to be asked')) };
  const tokens = new VisitTokens({ grants, grantKey, ownerOf: () => undefined });
  t.equal(tokens.knows('pr-42'), false);
  await t.rejects(tokens.issue(request), { code: 'ERR_ENV_UNKNOWN' });
});
