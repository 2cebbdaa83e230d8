import t from 'tap';
import { readClaims, tooWide } from '../../../server/oidc/wanted-claims.ts';

const github = 'https://token.actions.githubusercontent.com';
const gitlab = 'https://gitlab.com';
const own = 'https://ci.example.com';

t.test('a claim has one value or several', async (t) => {
  const { claims, problems } = readClaims({ a: 'x', b: ['y', 2, true], 'c.d/e': false });
  t.same(problems, []);
  t.same(Object.fromEntries(claims), { a: ['x'], b: ['y', 2, true], 'c.d/e': [false] });
});

t.test('what no claims are', async (t) => {
  const wrong: unknown[] = [
    undefined,
    null,
    'a',
    [],
    {},
    new Date(),
    { a: [] },
    { a: '' },
    { a: { b: 'c' } },
    { a: [['b']] },
    { a: NaN },
    { a: new Date() },
    { a: 'x'.repeat(257) },
    { iss: 'x' },
    { aud: 'x' },
    { exp: 1 },
    { iat: 1 },
    { nbf: 1 },
    { jti: 'x' },
    { a: Array.from({ length: 257 }, () => 'x') },
    Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`c${String(index)}`, 'x'])),
  ];
  for (const table of wrong) t.not(readClaims(table).problems.length, 0, JSON.stringify(table));
});

t.test('all problems are told', async (t) => {
  t.equal(readClaims({ iss: 'x', a: '', b: [] }).problems.length, 3);
});

t.test('a policy for a public issuer says whose tokens', async (t) => {
  const enough: [string, Record<string, unknown>][] = [
    [github, { repository: 'acme/shop' }],
    [github, { repository: 'acme/*' }],
    [github, { repository: ['acme/shop', 'acme/api'], ref: '*' }],
    [github, { repository_id: '1234' }],
    [github, { repository_owner: 'acme' }],
    [github, { repository_owner_id: ['1', '2'] }],
    [github, { sub: 'repo:acme/shop:ref:refs/heads/main' }],
    [github, { sub: 'repo:acme/*:pull_request' }],
    [github, { sub: 'repository_owner_id:42:**' }],
    [github, { sub: 'repository_owner:acme' }],
    [github, { sub: ['repo:acme/a:**', 'repository:acme/b:**'] }],
    [github, { workflow_ref: 'acme/shop/.github/workflows/preview.yml@**' }],
    [gitlab, { project_id: '22' }],
    [gitlab, { project_path: 'acme/**' }],
    [gitlab, { namespace_path: 'acme' }],
    [gitlab, { sub: 'project_path:acme/shop:**' }],
    [own, { anything: 'x' }],
    [own, { anything: 'x*' }],
    [own, { member: true }],
    [own, { all: '*', other: 5 }],
  ];
  for (const [issuer, table] of enough)
    t.equal(tooWide(issuer, readClaims(table).claims), undefined, `${issuer} ${JSON.stringify(table)}`);
});

t.test('otherwise strangers would be let in', async (t) => {
  const wide: [string, Record<string, unknown>][] = [
    [github, { ref: 'refs/heads/main' }],
    [github, { event_name: 'pull_request', ref_protected: 'true' }],
    [github, { repository: '*' }],
    [github, { repository: '**' }],
    [github, { repository: 'acme*' }],
    [github, { repository: '*/shop' }],
    [github, { repository: ['acme/shop', '*/shop'] }],
    [github, { repository_owner: 'acme*' }],
    [github, { repository_id: '12*' }],
    [github, { repository_id: 12 }],
    [github, { sub: 'repo:acme*' }],
    [github, { sub: 'repo:*' }],
    [github, { sub: '**' }],
    [github, { sub: 'ref:refs/heads/main' }],
    [github, { sub: 'environment:production' }],
    [github, { sub: 'actor:acme/x' }],
    [github, { sub: 'repository_owner:acme*' }],
    [gitlab, { sub: 'ref_type:branch:ref:main' }],
    [github, { job_workflow_ref: 'acme/workflows/.github/workflows/preview.yml@refs/heads/main' }],
    [github, { environment: 'production', actor: 'ann' }],
    [gitlab, { ref: 'main' }],
    [gitlab, { project_path: '**' }],
    [gitlab, { namespace_path: 'acme*' }],
    [gitlab, { user_login: 'ann' }],
    [own, { anything: '*' }],
    [own, { anything: '**', other: '?*' }],
    [own, { anything: ['x', '**'] }],
  ];
  for (const [issuer, table] of wide)
    t.type(tooWide(issuer, readClaims(table).claims), 'string', `${issuer} ${JSON.stringify(table)}`);
});
