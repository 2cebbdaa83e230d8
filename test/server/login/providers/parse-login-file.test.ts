import fc from 'fast-check';
import t from 'tap';
import { parseLoginFile } from '../../../../server/login/providers/parse-login-file.ts';

const none = () => ({ ok: false, problem: 'it cannot be read' }) as const;
const problemsOf = (text: string): readonly string[] => {
  const parsed = parseLoginFile(text, none);
  return parsed.ok ? [] : parsed.problems;
};
const google = `[[provider]]
name = "google"
issuer = "https://accounts.google.com"
client-id = "porthole"
`;

t.test('providers and rules, in their order', async (t) => {
  const text = `${google}
[[provider]]
name = "gitlab"
issuer = "https://gitlab.com"
client-id = "porthole"
client-secret = "x"

[[people]]
provider = "google"
domain = ["example.com"]
env = ["pr-*"]

[[people]]
everyone = true
team = false
`;
  t.match(parseLoginFile(text, none), {
    ok: true,
    value: {
      providers: [{ name: 'google' }, { name: 'gitlab' }],
      rules: [
        { provider: 'google', envPatterns: ['pr-*'] },
        { everyone: true, team: false },
      ],
    },
  });
  t.match(parseLoginFile(google, none), { ok: true, value: { rules: [] } }, 'links alone may invite people');
});

t.test('all problems at once, with their lines', async (t) => {
  const text = `${google}secret = "x"

[[provider]]
name = "google"
issuer = "http://google.com"

[[people]]
provider = "goggle"
email = ["*"]

[[people]]
provider = "goggle"
everyone = true

[other]
`;
  t.same(problemsOf(text), [
    'unknown key "other": entries begin with [[provider]] or [[people]]',
    'line 5: provider "google": secret: unknown key',
    'line 7: provider "google": client-id: is needed: what the provider calls this gateway',
    'line 9: provider "google": issuer: must be https (http is only for a provider on this machine: 127.0.0.1, [::1], localhost)',
    'line 13: people 1: email: matches everybody: if that is meant, write everyone = true in its place',
    'line 16: people 2: provider: there is no provider "goggle" (did you mean google?)',
  ]);
  t.match(problemsOf(google + google), ['line 6: provider "google": name: another provider has this name']);
  t.match(problemsOf(''), ['there is no [[provider]] in it']);
  t.match(problemsOf('[provider]\nname = "a"'), [
    'provider is written as tables: each begins with [[provider]]',
  ]);
  t.match(problemsOf('providers = 1'), [/did you mean provider/, /there is no/]);
  t.match(problemsOf(google.replace('name = "google"', 'name = ')), [/^line 2, column/]);
  t.match(problemsOf(`${google}[[people]]\n`), ['line 5: people 1: needs email']);
  t.match(problemsOf(google.repeat(33)), [/more than 32/]);
});

t.test('any text is read or refused', async () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '[[provider]]',
      '[[people]]',
      'name = "a"',
      'provider = "a"',
      'everyone = true',
      'email = ["*"]',
    ),
    fc.constantFrom('issuer = "https://a.b"', 'client-id = "x"', '[people]', 'people = 7'),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      parseLoginFile(lines.join('\n'), none);
    }),
  );
});
