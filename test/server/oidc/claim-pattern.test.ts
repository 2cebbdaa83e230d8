import fc from 'fast-check';
import t from 'tap';
import { isExact, literalStart, matchesAnything, matchesClaim } from '../../../server/oidc/claim-pattern.ts';

const cases: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
  ['acme/shop', 'acme/shop', true],
  ['acme/shop', 'ACME/shop', false],
  ['acme/shop', 'acme/shop2', false],
  ['acme/shop', 'xacme/shop', false],
  ['acme/*', 'acme/shop', true],
  ['acme/*', 'acme/', true],
  ['acme/*', 'acme-evil/shop', false],
  ['acme/*', 'acme/group/shop', false],
  ['acme/**', 'acme/group/shop', true],
  ['acme*', 'acme-evil', true],
  ['acme*', 'acme/shop', false],
  ['refs/heads/*', 'refs/heads/main', true],
  ['refs/heads/*', 'refs/heads/feature/login', false],
  ['refs/heads/**', 'refs/heads/feature/login', true],
  ['refs/heads/release-?', 'refs/heads/release-1', true],
  ['refs/heads/release-?', 'refs/heads/release-', false],
  ['refs/heads/release-?', 'refs/heads/release-12', false],
  ['refs?heads', 'refs/heads', false],
  ['repo:acme/shop:*', 'repo:acme/shop:pull_request', true],
  ['repo:acme/shop:*', 'repo:acme/shop:ref:refs/heads/main', false],
  ['repo:acme/shop:**', 'repo:acme/shop:ref:refs/heads/main', true],
  ['repo:acme/*:pull_request', 'repo:acme/shop:environment:x:pull_request', false],
  ['*', '', true],
  ['*', 'a', true],
  ['*', 'a/b', false],
  ['**', 'a/b:c', true],
  ['?', '', false],
  ['a.c', 'abc', false],
  ['a+', 'aa', false],
  ['[ab]', 'a', false],
  ['a\\*', 'a\\x', true],
  ['a**b', 'a/x/b', true],
  ['a***b', 'a/x/b', true],
  ['*a*', 'bab', true],
  ['é*', 'été', true],
  ['?', '\u{1f600}', true],
  ['a', 'a\n', false],
];

for (const [pattern, text, matches] of cases)
  t.equal(matchesClaim(pattern, text), matches, `${JSON.stringify(text)} by ${pattern}`);

t.equal(matchesAnything('**'), true);
t.equal(matchesAnything('*?*'), true);
t.equal(matchesAnything('a*'), false);
t.equal(isExact('acme/shop'), true);
t.equal(isExact('acme/?'), false);
t.equal(literalStart('acme/*/x'), 'acme/');
t.equal(literalStart('acme'), 'acme');

const alphabet = fc.constantFrom('a', 'b', '/', ':', '*', '?', '.', '\n');
const patterns = fc.array(alphabet, { maxLength: 12 }).map((parts) => parts.join(''));
const texts = fc
  .array(fc.constantFrom('a', 'b', '/', ':', '.', '\n'), { maxLength: 12 })
  .map((parts) => parts.join(''));

/** The same grammar as a regular expression: clear, and for hostile patterns far too slow. */
function asRegExp(pattern: string): RegExp {
  const parts = (pattern.match(/\*+|[^*]/gu) ?? []).map((part) => {
    if (part === '*') return '[^/:]*';
    if (part.startsWith('*')) return '[^]*';
    return part === '?' ? '[^/:]' : part.replace(/[\\^$.|+()[\]{}/]/, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$(?![^])`, 'u');
}

t.test('agrees with a regular expression', async () => {
  fc.assert(
    fc.property(
      patterns,
      texts,
      (pattern, text) => matchesClaim(pattern, text) === asRegExp(pattern).test(text),
    ),
    { numRuns: 2000 },
  );
});

t.test('what is exact matches itself and nothing else', async () => {
  fc.assert(fc.property(texts, texts, (pattern, text) => matchesClaim(pattern, text) === (pattern === text)));
});

t.test('what matches begins with the literal start', async () => {
  fc.assert(
    fc.property(
      patterns,
      texts,
      (pattern, text) => !matchesClaim(pattern, text) || text.startsWith(literalStart(pattern)),
    ),
  );
});

t.test('a pattern that would keep a regular expression busy for ever is as quick as any', async (t) => {
  t.equal(matchesClaim(`${'*a'.repeat(120)}b`, 'a'.repeat(1024)), false);
});
