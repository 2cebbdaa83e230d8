import t from 'tap';
import { ben, visitSetting } from '../../support/visit-setting.ts';

interface Token {
  readonly id: string;
  readonly token: string;
}

t.test('a token is printed once, with how to use it', async (t) => {
  const { run, offer, grants, audited } = await visitSetting(t);
  offer({ env: 'pr-42' });
  const { stdout, stderr } = await run('token create pr-42/web --name e2e');
  const [grant] = grants.ofEnv('pr-42');
  t.same(stdout, [`pht_${grant?.id ?? ''}.mac`]);
  t.match(stderr, [
    /^opens pr-42\/web until 2027-02-20 15:00:00 UTC \(in 90 days\); it is not shown again/,
    `  curl -H "Porthole-Token: $TOKEN" https://web--pr-42.preview.test/`,
    /page\.goto\('https:\/\/web--pr-42\.preview\.test\/\?porthole-token=' \+ process\.env\.TOKEN\)/,
  ]);
  t.notMatch(stderr.join(), /\.mac/, 'no secret but on the line of its own');
  t.match(grant, { kind: 'token', service: 'web', name: 'e2e', owner: 'ana' });
  t.match(await audited(), [{ action: 'token.create', target: 'pr-42/web' }]);
  const listed = await run('token list');
  t.match(listed.stdout, [/LAST USED/, /e2e.*live/]);
  t.notMatch(listed.stdout.join(), /pht_|\.mac|USES/);
});

t.test('so long, listed and ended', async (t) => {
  const { run, value, offer, grants } = await visitSetting(t);
  offer({ env: 'pr-42' });
  const made = await value<Token>('token create pr-42 --ttl 1h');
  t.match(made, { token: `pht_${made.id}.mac`, expires: '2026-11-22T16:00:00.000Z', service: null });
  grants.used(made.id, { at: Date.UTC(2026, 10, 22, 14, 50), address: '192.0.2.9' });
  t.match((await run('token list')).stdout[1], /10 minutes ago from 192\.0\.2\.9/);
  t.match(await run(`token revoke ${made.id}`, ben), { status: 1, stderr: [/no token/] });
  t.match(await run(`token revoke ${made.id}`), { status: 0 });
  t.match(await run('token list'), { stderr: ['no tokens', /--all/] });
});
