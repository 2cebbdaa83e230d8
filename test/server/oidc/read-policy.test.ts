import t from 'tap';
import type { Policy } from '../../../server/oidc/policy.ts';
import { readPolicy } from '../../../server/oidc/read-policy.ts';

const least = {
  name: 'shop',
  issuer: 'https://ci.example.com',
  claims: { project: 'shop' },
  env: ['pr-*'],
};

function read(changes: Record<string, unknown>): Policy {
  const result = readPolicy({ ...least, ...changes }, 'https://gw.test');
  if ('problems' in result)
    throw new Error(result.problems.map(({ key, text }) => `${String(key)}: ${text}`).join('\n'));
  return result.policy;
}

function problemsOf(changes: Record<string, unknown>): string[] {
  const result = readPolicy({ ...least, ...changes }, 'https://gw.test');
  return 'problems' in result ? result.problems.map(({ key }) => String(key)) : [];
}

t.test('what is not said has a safe meaning', async (t) => {
  const { claims, ...policy } = read({});
  t.same(Object.fromEntries(claims), { project: ['shop'] });
  t.same(policy, {
    name: 'shop',
    issuer: 'https://ci.example.com',
    audience: 'https://gw.test',
    env: [{ kind: 'pattern', pattern: 'pr-*' }],
    role: 'machine',
    visit: false,
    maxTtlMs: 3_600_000,
    maxTokenAgeMs: 86_400_000,
    principal: { before: 'oidc:shop:', claim: 'sub', after: '' },
  });
});

t.test('a repository is one principal, whatever its branch', async (t) => {
  const github = read({
    issuer: 'https://token.actions.githubusercontent.com',
    claims: { repository: 'acme/shop' },
  });
  t.same(github.principal, { before: 'github:', claim: 'repository', after: '' });
  const gitlab = read({ issuer: 'https://gitlab.com', claims: { project_id: '1' } });
  t.same(gitlab.principal, { before: 'gitlab:', claim: 'project_path', after: '' });
});

t.test('everything can be said', async (t) => {
  const policy = read({
    audience: 'porthole',
    env: ['pr-*', `shop-\${head_ref}`],
    role: 'member',
    'max-ttl': '24h',
    'max-token-age': '10m',
    principal: 'shop',
  });
  t.match(policy, { audience: 'porthole', role: 'member', maxTtlMs: 86_400_000, maxTokenAgeMs: 600_000 });
  t.match(policy.env[1], { kind: 'claim', template: { before: 'shop-', claim: 'head_ref' } });
  t.equal(policy.principal.claim, undefined);
  t.equal(read({ env: 'staging' }).env.length, 1, 'one pattern needs no list');
  t.equal(read({ visit: true }).visit, true);
  t.equal(read({ role: 'admin' }).role, 'admin', 'it was spelled out, and so are the claims');
});

t.test('what is wrong is told by its key', async (t) => {
  const wrong: [string, unknown][] = [
    ['name', undefined],
    ['name', 'a b'],
    ['name', '-a'],
    ['name', 5],
    ['issuer', undefined],
    ['issuer', 'http://ci.example.com'],
    ['audience', ''],
    ['audience', 'a b'],
    ['audience', ['a']],
    ['claims', undefined],
    ['claims', {}],
    ['claims', { project: '**' }],
    ['env', undefined],
    ['env', []],
    ['env', [5]],
    ['env', ['PR-*']],
    ['env', ['a,b']],
    ['env', [`pr-*-\${ref}`]],
    ['env', [`\${ref`]],
    ['env', [`\${a}\${b}`]],
    ['env', Array.from({ length: 65 }, () => 'a')],
    ['role', 'root'],
    ['visit', 'yes'],
    ['visit', 1],
    ['role', ['machine']],
    ['max-ttl', '25h'],
    ['max-ttl', '59s'],
    ['max-ttl', 60],
    ['max-ttl', 'soon'],
    ['max-token-age', '2d'],
    ['principal', ''],
    ['principal', `\${sub}`],
    ['principal', `a\${sub}`],
    ['principal', 'cert:x'],
    ['principal', `cert:\${sub}`],
    ['principal', `SHA256:\${sub}`],
    ['principal', `x:\${a}\${b}`],
    ['principal', 'a b'],
    ['max-tttl', '1h'],
  ];
  for (const [key, value] of wrong)
    t.same(problemsOf({ [key]: value }), [key], `${key} = ${JSON.stringify(value)}`);
  t.same(problemsOf({ role: 'admin', claims: { project: 'shop-*' } }), ['role']);
});

t.test('and all of it at once', async (t) => {
  t.same(problemsOf({ name: '', env: [], role: 'x', extra: 1 }).sort(), ['env', 'extra', 'name', 'role']);
});
