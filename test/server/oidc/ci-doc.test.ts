import { readFileSync } from 'node:fs';
import t from 'tap';
import { loginCommand } from '../../../client/commands/login.ts';
import { errorTable } from '../../../core/errors.ts';
import { parsePolicies } from '../../../server/oidc/parse-policies.ts';
import { publicIssuer } from '../../../server/oidc/public-issuers.ts';
import { FakeSurroundings } from '../../client/fake-surroundings.ts';

const page = readFileSync(new URL('../../../docs/CI.md', import.meta.url), 'utf8');

t.test('the examples of docs/CI.md are policies', async (t) => {
  const examples = [...page.matchAll(/```toml\n([^]*?)```/g)].map(([, text = '']) => text);
  t.equal(examples.length, 3);
  for (const text of examples) t.same(parsePolicies(text, 'https://preview.example.com').ok, true, text);
});

t.test('the page names every key of a policy', async (t) => {
  const unknown = parsePolicies('[[policy]]\nzzz = 1\n', 'https://gw.test');
  t.equal(unknown.ok, false);
  const listed = [...page.matchAll(/^\| `([a-z-]+)` +\|/gm)].map(([, key = '']) => key);
  const keys = [
    'name',
    'issuer',
    'audience',
    'claims',
    'env',
    'role',
    'visit',
    'max-ttl',
    'max-token-age',
    'principal',
  ];
  t.same(listed.slice(0, keys.length), keys);
});

t.test('the claims that name an owner, the codes and the flags are those that there are', async (t) => {
  for (const issuer of ['https://token.actions.githubusercontent.com', 'https://gitlab.com'])
    for (const claim of Object.keys(publicIssuer(issuer)?.owners ?? {})) t.match(page, `\`${claim}\``, claim);
  for (const [code] of page.matchAll(/ERR_[A-Z_]+/g)) t.ok(code in errorTable, code);
  const flags = loginCommand(new FakeSurroundings(t), () => undefined).options.map(({ long }) => long);
  for (const [flag] of page.matchAll(/(?<=`)--[a-z-]+/g)) t.ok(flags.includes(flag), flag);
});
