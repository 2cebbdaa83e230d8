import t from 'tap';
import { accountMain } from '../../../server/login/account-page.ts';
import { grantOf, nobody, sessionOf } from '../../support/door.ts';

const session = sessionOf('eve', { userAgent: '<script>', lastSeenFrom: '2001:db8::1' });
const text = (view: Partial<Parameters<typeof accountMain>[0]>): string =>
  accountMain({ login: undefined, sessions: [], grants: [], ...view }).text;

t.test('what an account may see, in words', async (t) => {
  for (const [viewer, words] of [
    [{ admin: true }, 'all previews, as an administrator'],
    [{ member: true }, 'open to the team'],
    [{ principal: 'ana' }, 'the previews of <strong>ana</strong>'],
    [{ envPatterns: ['*'] }, '<li>private previews</li>'],
    [{ envPatterns: ['pr-*'] }, 'whose name fits <code>pr-*</code>'],
    [{ email: 'eve@example.com' }, 'that a link invites eve@example.com to'],
  ] as const) {
    t.match(text({ login: { session, viewer: { ...nobody, ...viewer } }, sessions: [session] }), words);
  }
});

t.test('who has only links is not signed in', async (t) => {
  const page = text({
    grants: [grantOf('aaaaaaaaaaaa'), grantOf('bbbbbbbbbbbb', { kind: 'password', expiresAt: undefined })],
  });
  t.match(page, 'You are not signed in');
  t.match(page, 'by a share link until');
  t.match(page, 'by its password<');
  t.match(page, 'value="forget"');
});

t.test('what browsers call themselves is text', async (t) => {
  const login = { session, viewer: nobody };
  t.notMatch(
    text({ login, sessions: [session, sessionOf('other', { userAgent: '"><b>' })] }),
    /<script>|<b>/,
  );
});
