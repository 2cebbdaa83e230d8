import { readFileSync } from 'node:fs';
import t from 'tap';
import { errorTable } from '../../../../core/errors.ts';
import { staleLogin } from '../../../../server/login/providers/login-words.ts';
import { parseLoginFile } from '../../../../server/login/providers/parse-login-file.ts';
import { callbackPath } from '../../../../server/login/providers/providers.ts';
import { readPeopleRule } from '../../../../server/login/providers/read-people-rule.ts';
import { readProvider } from '../../../../server/login/providers/read-provider.ts';

const page = readFileSync(new URL('../../../../docs/LOGIN.md', import.meta.url), 'utf8');
const secret = () => ({ ok: true, value: 'a secret' }) as const;

t.test('the examples of docs/LOGIN.md are login files', async (t) => {
  const examples = [...page.matchAll(/```toml\n([^]*?)```/g)].map(([, text = '']) => text);
  t.equal(examples.length, 6);
  for (const text of examples) t.match(parseLoginFile(text, secret), { ok: true }, text);
});

t.test('the page names every key, and no other', async (t) => {
  const listed = [...page.matchAll(/^\| `([a-z-]+)` +\|/gm)].map(([, key = '']) => key);
  const known = (entry: Record<string, unknown>, read: (entry: unknown) => object): string[] =>
    Object.keys(entry).filter((key) => !JSON.stringify(read({ [key]: entry[key] })).includes('unknown key'));
  const all = Object.fromEntries(listed.map((key) => [key, 1]));
  const ofProvider = known(all, (entry) => readProvider(entry, secret));
  const ofPeople = known(all, readPeopleRule);
  t.same(listed, [...ofProvider, ...ofPeople]);
  t.same([ofProvider.length, ofPeople.length], [9, 8]);
});

t.test('the codes and the callback are those that there are', async (t) => {
  for (const [code] of page.matchAll(/ERR_[A-Z_]+/g)) t.ok(code in errorTable, code);
  t.match(page, `https://preview.example.com${callbackPath}`);
  t.match(page, staleLogin().code);
});
