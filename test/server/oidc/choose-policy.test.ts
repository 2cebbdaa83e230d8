import fc from 'fast-check';
import t from 'tap';
import { choosePolicy, type Claims } from '../../../server/oidc/choose-policy.ts';
import { parsePolicies } from '../../../server/oidc/parse-policies.ts';
import type { Policy } from '../../../server/oidc/policy.ts';

const nowMs = 1_800_000_000_000;
const iat = nowMs / 1000 - 10;

function policies(text: string): readonly Policy[] {
  const parsed = parsePolicies(text, 'https://gw.test');
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return parsed.policies;
}

const github = 'https://token.actions.githubusercontent.com';
const shop = policies(`
[[policy]]
name = "shop-main"
issuer = "${github}"
claims = { repository = "acme/shop", ref = "refs/heads/main" }
env = ["main", "staging"]
role = "member"

[[policy]]
name = "shop"
issuer = "${github}"
claims = { repository = "acme/shop", event_name = ["push", "pull_request"] }
env = ["pr-*", "shop-\${head_ref}"]
max-ttl = "2h"
`);

const token = {
  iss: github,
  aud: 'https://gw.test',
  sub: 'repo:acme/shop:ref:refs/heads/main',
  iat,
  repository: 'acme/shop',
  ref: 'refs/heads/main',
  event_name: 'push',
};

function grantOf(changes: Claims, from = shop) {
  const choice = choosePolicy(from, { ...token, ...changes }, nowMs);
  return choice.kind === 'granted' ? choice.grant : undefined;
}

t.test('the first that fits decides alone', async (t) => {
  t.same(grantOf({}), {
    policy: 'shop-main',
    principal: 'github:acme/shop',
    role: 'member',
    envPatterns: ['main', 'staging'],
    visit: false,
    maxTtlMs: 3_600_000,
  });
  t.match(grantOf({ ref: 'refs/heads/x' }), { policy: 'shop', role: 'machine', envPatterns: ['pr-*'] });
});

t.test('an environment named by a claim is one name, whatever the claim says', async (t) => {
  const envs = (head_ref: unknown): readonly string[] =>
    grantOf({ ref: 'refs/pull/1/merge', event_name: 'pull_request', head_ref })?.envPatterns ?? [];
  t.same(envs('login'), ['pr-*', 'shop-login']);
  t.match(envs('Feature/Foo_Bar')[1], /^shop-feature-foo-bar-[a-z2-7]{6}$/);
  t.match(envs('*')[1], /^shop-[a-z2-7]{6}$/, 'a wildcard in a claim is none');
  t.same(envs(''), ['pr-*'], 'a claim that is empty names nothing');
  t.same(envs(undefined), ['pr-*']);
});

t.test('without the claim that names its only environment nothing is given', async (t) => {
  const own = policies(`[[policy]]
name = "a"
issuer = "${github}"
claims = { repository = "acme/shop" }
env = ["\${head_ref}"]`);
  t.equal(grantOf({}, own), undefined);
  t.same(grantOf({ head_ref: 'x' }, own)?.envPatterns, ['x']);
});

t.test('every claim must be there, and fit', async (t) => {
  const others = { ref: 'refs/heads/x' };
  t.ok(grantOf(others));
  for (const wrong of [
    { repository: 'acme/shop2' },
    { repository: 'evil/shop' },
    { repository: 'Acme/shop' },
    { repository: undefined },
    { repository: null },
    { repository: { toString: () => 'acme/shop' } },
    { repository: `acme/shop${'x'.repeat(2000)}` },
    { event_name: 'workflow_dispatch' },
    { event_name: true },
    { event_name: [] },
    { iss: 'https://gitlab.com' },
    { iss: undefined },
    { iat: nowMs / 1000 - 90_000 },
    { iat: undefined },
    { iat: '1' },
    { aud: 'https://other.test' },
    { aud: 'https://gw.test/' },
    { aud: 'HTTPS://GW.TEST' },
    { aud: [] },
    { aud: undefined },
    { aud: { 0: 'https://gw.test' } },
  ])
    t.equal(grantOf({ ...others, ...wrong }), undefined, JSON.stringify(wrong));
  t.ok(grantOf({ ...others, event_name: ['x', 'push'] }), 'of a list one member is enough');
});

t.test('a token for several parties names the one that it was made for', async (t) => {
  const several = ['https://gw.test', 'https://other.test'];
  t.ok(grantOf({ aud: ['https://gw.test'] }));
  t.equal(grantOf({ aud: several }), undefined);
  t.ok(grantOf({ aud: several, azp: 'https://gw.test' }));
  t.equal(grantOf({ aud: several, azp: 'https://other.test' }), undefined);
  t.equal(grantOf({ azp: 'https://other.test' }), undefined);
  t.ok(grantOf({ azp: 'https://gw.test' }));
});

t.test('a policy may say which party', async (t) => {
  const own = policies(`[[policy]]
name = "a"
issuer = "https://ci.test"
claims = { azp = "runner" }
env = "x"`);
  const claims = { iss: 'https://ci.test', sub: 's', aud: ['https://gw.test', 'b'] };
  t.ok(grantOf({ ...claims, azp: 'runner' }, own));
  t.equal(grantOf({ ...claims, azp: 'other' }, own), undefined);
  t.equal(grantOf(claims, own), undefined);
});

t.test('numbers, truth values and texts are not taken for each other', async (t) => {
  const own = policies(`[[policy]]
name = "a"
issuer = "https://ci.test"
claims = { id = 22, protected = true, text = "22" }
env = "x"`);
  const claims = { iss: 'https://ci.test', sub: 's', id: 22, protected: true, text: '22' };
  t.ok(grantOf(claims, own));
  for (const wrong of [{ id: '22' }, { protected: 'true' }, { protected: 1 }, { text: 22 }])
    t.equal(grantOf({ ...claims, ...wrong }, own), undefined, JSON.stringify(wrong));
});

t.test("a principal is one word, and cannot be another's", async (t) => {
  const own = policies(`[[policy]]
name = "a"
issuer = "https://ci.test"
claims = { x = "y" }
env = "x"`);
  const claims = { iss: 'https://ci.test', x: 'y' };
  t.equal(grantOf({ ...claims, sub: 'a:b' }, own)?.principal, 'oidc:a:a:b');
  for (const sub of ['', 'a b', 'é', 'x'.repeat(250), 5.5, undefined])
    t.equal(grantOf({ ...claims, sub }, own), undefined, JSON.stringify(sub));
});

t.test('why nothing fits is told for each policy of the issuer', async (t) => {
  const choice = choosePolicy(shop, { ...token, repository: 'evil/shop' }, nowMs);
  t.match(choice, {
    kind: 'none',
    isForOthers: false,
    why: [/^shop-main: .*repository.*"evil\/shop"/, /^shop: .*repository/],
  });
  t.match(choosePolicy(shop, { ...token, aud: 'sts.amazonaws.com' }, nowMs), {
    kind: 'none',
    isForOthers: true,
  });
});

t.test('a token without one of the claims is never let in, whatever else it says', async () => {
  const values = fc.oneof(
    fc.string(),
    fc.constantFrom('acme/shop', 'push', 'refs/heads/main'),
    fc.jsonValue(),
  );
  const names = fc.constantFrom('repository', 'event_name', 'ref', 'head_ref', 'aud', 'azp');
  fc.assert(
    fc.property(fc.dictionary(names, values), (some) => {
      const claims: Claims = { iss: github, sub: 'x', iat, ...some };
      const choice = choosePolicy(shop, claims, nowMs);
      if (choice.kind === 'none') return true;
      const { repository, aud } = claims;
      return [repository].flat().includes('acme/shop') && [aud].flat().includes('https://gw.test');
    }),
    { numRuns: 1000 },
  );
});
