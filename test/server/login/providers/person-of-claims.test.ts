import fc from 'fast-check';
import t from 'tap';
import {
  groupsIn,
  isMore,
  personOf,
  toldEmail,
} from '../../../../server/login/providers/person-of-claims.ts';
import { settings } from './people.ts';

const keycloak = settings({ name: 'keycloak', issuer: 'https://sso.example.com/realms/dev' });
const entra = settings({ name: 'entra', issuer: 'https://login.microsoftonline.com/0f3a/v2.0' });
const google = settings();
const emailOf = (claims: Record<string, unknown>, provider = keycloak): string | undefined =>
  personOf(provider, { token: { sub: '1', ...claims }, userInfo: undefined }).email;

t.test('what a token says', async (t) => {
  const token = {
    sub: '1',
    email: 'Ana@Example.com',
    email_verified: true,
    name: ' Ana\u0007 ',
    groups: ['eng', 7, '', 'x'.repeat(300)],
    hd: 'Example.com',
  };
  const ana = { kind: 'person', subject: '1', email: 'ana@example.com', name: 'Ana', groups: ['eng'] };
  t.same(personOf(keycloak, { token, userInfo: undefined }), {
    ...ana,
    provider: 'keycloak',
    issuer: keycloak.issuer,
  });
  t.same(personOf(google, { token, userInfo: undefined }), {
    ...ana,
    provider: 'google',
    issuer: 'https://accounts.google.com',
    hostedDomain: 'example.com',
  });
});

t.test('only a verified address counts', async (t) => {
  const email = 'ana@example.com';
  t.equal(emailOf({ email, email_verified: true }), email);
  t.equal(emailOf({ email, email_verified: 'true' }), email);
  for (const told of [false, 'false', 1, null, {}, undefined])
    t.equal(emailOf({ email, email_verified: told }), undefined, JSON.stringify(told));
  const trusting = settings({ trustEmail: true });
  t.equal(emailOf({ email }, trusting), email);
  t.equal(emailOf({ email, email_verified: false }, trusting), undefined, 'what is denied stays so');
  t.equal(emailOf({ email, xms_edov: true }), undefined);
  for (const told of [true, 'true', 1, '1']) t.equal(emailOf({ email, xms_edov: told }, entra), email);
  for (const told of [false, '0', 0]) t.equal(emailOf({ email, xms_edov: told }, entra), undefined);
});

t.test('what looks like another address is none', async (t) => {
  const odd = [
    '\u212Aate@example.com',
    'ana@example.com ',
    'a@b@example.com',
    '"a@b"@example.com',
    'ana',
    '@x.com',
  ];
  const more = [
    'ana@',
    'ana@example.com\u0000',
    'ana@exam\u212Aple.com',
    `${'a'.repeat(250)}@x.com`,
    'ana@.',
    'a,b@x.com',
  ];
  for (const email of [...odd, ...more]) t.equal(emailOf({ email, email_verified: true }), undefined, email);
  for (const email of [7, null, ['ana@example.com']])
    t.equal(emailOf({ email, email_verified: true }), undefined);
});

t.test('userinfo says what the token does not', async (t) => {
  const userInfo = { email: 'ana@example.com', email_verified: true, name: 'Ana', groups: 'eng' };
  const token = { sub: '1' };
  t.match(personOf(keycloak, { token, userInfo }), {
    email: 'ana@example.com',
    name: 'Ana',
    groups: ['eng'],
  });
  const unlike = { sub: '1', email: 'bob@example.com', email_verified: false, groups: [] };
  t.match(personOf(keycloak, { token: unlike, userInfo }), { email: 'ana@example.com', groups: [] });
  t.equal(isMore(keycloak, token, { groups: false }), true);
  t.equal(isMore(keycloak, { email: 'a@b.c' }, { groups: false }), true);
  t.equal(isMore(keycloak, { email: 'a@b.c', email_verified: false }, { groups: false }), false);
  t.equal(isMore(keycloak, { email: 'a@b.c', email_verified: true }, { groups: true }), true);
  t.equal(isMore(keycloak, { email: 'a@b.c', email_verified: true, groups: [] }, { groups: true }), false);
  t.equal(toldEmail({ token, userInfo }), 'ana@example.com');
  t.equal(toldEmail({ token: { email: 7 }, userInfo }), undefined);
});

t.test('groups are a claim of that name, or deep in one', async (t) => {
  const claims = {
    'https://x.com/groups': ['a'],
    realm_access: { roles: ['b'] },
    one: 'c',
    many: Array.from({ length: 300 }, (_, at) => `d${String(at)}`),
  };
  t.same(groupsIn(claims, 'https://x.com/groups'), ['a']);
  t.same(groupsIn(claims, 'realm_access.roles'), ['b']);
  t.same(groupsIn(claims, 'one'), ['c']);
  t.equal(groupsIn(claims, 'many')?.length, 200);
  const long = Array.from({ length: 200 }, (_, at) => `${String(at)}${'x'.repeat(250)}`);
  t.ok((groupsIn({ long }, 'long')?.join('').length ?? 0) <= 30_000);
  t.same(groupsIn({ twice: ['a', 'a'] }, 'twice'), ['a']);
  for (const name of [
    'none',
    'realm_access',
    'realm_access.none.x',
    'constructor',
    '__proto__',
    'one.length',
  ])
    t.equal(groupsIn(claims, name), undefined, name);
});

t.test('any claims make a person, and only an address in lower case', async () => {
  const value = fc.oneof(fc.jsonValue(), fc.emailAddress(), fc.constantFrom(true, 'true'));
  const claims = fc.dictionary(
    fc.constantFrom('email', 'email_verified', 'hd', 'name', 'groups', 'xms_edov'),
    value,
  );
  fc.assert(
    fc.property(claims, claims, (token, userInfo) => {
      for (const provider of [google, entra, keycloak]) {
        const { email, groups } = personOf(provider, { token: { ...token, sub: '1' }, userInfo });
        if (email !== undefined && email !== email.toLowerCase()) return false;
        if (groups.some((group) => typeof group !== 'string')) return false;
      }
      return true;
    }),
  );
});
