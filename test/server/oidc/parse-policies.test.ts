import fc from 'fast-check';
import t from 'tap';
import { parsePolicies } from '../../../server/oidc/parse-policies.ts';

const good = `
# previews of the shop
[[policy]]
name = "shop"
issuer = "https://token.actions.githubusercontent.com"
claims = { repository = "acme/shop" }
env = ["pr-*"]

[[policy]]
name = "api"
issuer = "https://gitlab.com"
env = ["api-*"]
[policy.claims]
project_id = "22"
`;

function problems(text: string): readonly string[] {
  const parsed = parsePolicies(text, 'https://gw.test');
  return parsed.ok ? [] : parsed.problems;
}

t.test('the policies in their order', async (t) => {
  const parsed = parsePolicies(good, 'https://gw.test');
  t.ok(parsed.ok);
  t.same(parsed.ok && parsed.policies.map(({ name }) => name), ['shop', 'api']);
});

t.test('a problem begins with its line', async (t) => {
  t.match(problems(good.replace('"pr-*"', '"PR"'))[0], /^line 7: policy "shop": env: /);
  t.match(problems(good.replace('"22"', '"*"'))[0], /^line 13: policy "api": claims: /);
  t.match(problems(good.replace('name = "api"', 'nmae = "api"')), [
    /^line 10: policy 2: nmae: unknown key \(did you mean name\?\)/,
    /^line 9: policy 2: name: /,
  ]);
  t.match(problems(good.replace('"api"', '"shop"')), [/^line 10: policy "shop": name: another policy/]);
  t.match(problems('[[policy]'), [/^line 1, column \d+: /]);
});

t.test('what is not a file of policies', async (t) => {
  t.match(problems(''), [/no \[\[policy\]\]/]);
  t.match(problems('[policy]\nname = "a"'), [/begins with \[\[policy\]\]/]);
  t.match(problems('policy = "a"'), [/begins with \[\[policy\]\]/]);
  t.match(problems(`[[polcy]]\n${good}`), [/unknown key "polcy" \(did you mean policy\?\)/]);
  t.match(problems('policy = [{ name = "a" }]').length, 3);
});

t.test('one bad policy spoils the file: a policy that was meant to come first may be missing', async (t) => {
  t.equal(parsePolicies(`${good}\n[[policy]]\n`, 'https://gw.test').ok, false);
});

t.test('nothing of the text is repeated but names and what is wrong', async (t) => {
  t.notMatch(
    problems('[[policy]]\nname = "a"\nissuer = "https://ci.test\nsecret = "hunter2"').join(),
    /hunter2/,
  );
});

t.test('whatever the text, there is an answer', async () => {
  const lines = fc.constantFrom(...good.split('\n'), '[[policy]]', 'claims = 1', 'env = [', '"""', 'x.y = 1');
  fc.assert(
    fc.property(fc.array(lines, { maxLength: 20 }), (some) => {
      const parsed = parsePolicies(some.join('\n'), 'https://gw.test');
      return parsed.ok ? parsed.policies.length > 0 : parsed.problems.length > 0;
    }),
  );
});
