import fc from 'fast-check';
import t from 'tap';
import { grantIdOf, grantToken, tokenPrefix } from '../../../server/access/grant-token.ts';

const key = Buffer.alloc(32, 1);
const id = 'abcdefghij27';

t.test('what was given out is known again', async (t) => {
  const link = grantToken(key, 'link', id);
  const token = grantToken(key, 'token', id);
  t.match(link, /^abcdefghij27\.[\w-]{43}$/);
  t.match(token, /^pht_abcdefghij27\.[\w-]{43}$/);
  t.equal(grantIdOf(key, 'link', link), id);
  t.equal(grantIdOf(key, 'token', token), id);
});

t.test('nothing else is', async (t) => {
  const link = grantToken(key, 'link', id);
  const token = grantToken(key, 'token', id);
  const bare = token.slice(tokenPrefix.length);
  const last = link.at(-1) ?? '';
  const twin = String.fromCharCode(last.charCodeAt(0) + 1);
  const wrong: ['link' | 'token', string][] = [
    ['link', token],
    ['token', link],
    ['link', bare],
    ['token', `${tokenPrefix}${link}`],
    ['token', bare],
    ['token', ` ${token}`],
    ['token', `${token} `],
    ['token', token.toUpperCase()],
    ['link', `${link}=`],
    ['link', link.slice(0, -1) + twin],
    ['link', link.replace(id, 'abcdefghij22')],
    ['link', grantToken(Buffer.alloc(32, 2), 'link', id)],
    ['link', ''],
    ['token', tokenPrefix],
    ['link', 'x'.repeat(1_000_000)],
  ];
  for (const [kind, text] of wrong) t.equal(grantIdOf(key, kind, text), undefined, text.slice(0, 80));
});

t.test('no text is taken for one by chance', async () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('link', 'token'), (text, kind) => {
      return grantIdOf(key, kind, text) === undefined && grantIdOf(key, kind, `pht_${text}`) === undefined;
    }),
  );
});
