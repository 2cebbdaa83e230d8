import t from 'tap';
import { readProvider } from '../../../../server/login/providers/read-provider.ts';

const minimal = { name: 'google', issuer: 'https://accounts.google.com', 'client-id': 'porthole' };
const files: Record<string, string> = { good: 'the secret\n', empty: ' \n', long: 'x'.repeat(5000) };
const readSecret = (path: string) => {
  const value = files[path];
  return value === undefined
    ? ({ ok: false, problem: 'it cannot be read' } as const)
    : ({ ok: true, value } as const);
};
const problemsOf = (entry: Record<string, unknown>): unknown => {
  const read = readProvider({ ...minimal, ...entry }, readSecret);
  return 'problems' in read ? read.problems : [];
};

t.test('what is not said has its default', async (t) => {
  t.same(readProvider(minimal, readSecret), {
    value: {
      name: 'google',
      title: 'google',
      issuer: 'https://accounts.google.com',
      clientId: 'porthole',
      clientSecret: undefined,
      scopes: ['openid', 'email', 'profile'],
      groupsClaim: 'groups',
      trustEmail: false,
    },
  });
});

t.test('all of it can be said', async (t) => {
  const read = readProvider(
    {
      ...minimal,
      title: 'Firma Äpfel & Söhne',
      'client-secret': 's3cret',
      scopes: ['openid', 'groups'],
      'groups-claim': 'realm_access.roles',
      'trust-email': true,
    },
    readSecret,
  );
  t.match(read, {
    value: {
      title: 'Firma Äpfel & Söhne',
      scopes: ['openid', 'groups'],
      groupsClaim: 'realm_access.roles',
      trustEmail: true,
    },
  });
  t.ok('value' in read);
  if ('value' in read) {
    t.same(read.value.clientSecret?.(), { ok: true, value: 's3cret' });
    t.notMatch(JSON.stringify(read), 's3cret', 'it is in nothing that is printed');
  }
});

t.test('the file of a secret is read for each login', async (t) => {
  const read = readProvider({ ...minimal, 'client-secret-file': 'good' }, readSecret);
  if (!('value' in read)) throw new Error('it was refused');
  t.same(read.value.clientSecret?.(), { ok: true, value: 'the secret' });
  files['good'] = 'another';
  t.same(read.value.clientSecret?.(), { ok: true, value: 'another' });
  delete files['good'];
  t.match(read.value.clientSecret?.(), { ok: false, problem: 'it cannot be read' });
  files['good'] = 'the secret\n';
});

t.test('everything that is wrong is told, and no value', async (t) => {
  const wrong: [Record<string, unknown>, string, RegExp][] = [
    [{ name: undefined }, 'name', /is needed/],
    [{ name: 'Google' }, 'name', /at most 32/],
    [{ name: 'a:b' }, 'name', /at most 32/],
    [{ title: '' }, 'title', /1 to 60/],
    [{ title: 'a\nb' }, 'title', /1 to 60/],
    [{ issuer: undefined }, 'issuer', /is needed/],
    [{ issuer: 'accounts.google.com' }, 'issuer', /not a URL/],
    [{ issuer: 'http://accounts.google.com' }, 'issuer', /must be https/],
    [{ issuer: 'https://a:b@google.com' }, 'issuer', /without user/],
    [{ issuer: 'https://a.com/.well-known/openid-configuration' }, 'issuer', /found by itself/],
    [{ issuer: 'https://github.com' }, 'issuer', /Dex/],
    [{ issuer: 'https://login.microsoftonline.com/common/v2.0' }, 'issuer', /all tenants/],
    [{ issuer: 'https://login.microsoftonline.com/organizations/v2.0' }, 'issuer', /all tenants/],
    [{ 'client-id': undefined }, 'client-id', /is needed/],
    [{ 'client-id': 'a\nb' }, 'client-id', /ASCII/],
    [{ 'client-secret': '' }, 'client-secret', /is empty/],
    [{ 'client-secret': 7 }, 'client-secret', /one text/],
    [{ 'client-secret': 'a', 'client-secret-file': 'good' }, 'client-secret-file', /one of them/],
    [{ 'client-secret-file': 'gone' }, 'client-secret-file', /cannot be read/],
    [{ 'client-secret-file': 'empty' }, 'client-secret-file', /is empty/],
    [{ 'client-secret-file': 'long' }, 'client-secret-file', /more than a secret/],
    [{ scopes: ['email'] }, 'scopes', /must have "openid"/],
    [{ scopes: ['openid', 'a b'] }, 'scopes', /without spaces/],
    [{ scopes: 'openid' }, 'scopes', /list/],
    [{ 'groups-claim': '' }, 'groups-claim', /empty/],
    [{ 'trust-email': 'yes' }, 'trust-email', /true or false/],
    [{ clientid: 'x' }, 'clientid', /unknown key \(did you mean client-id\?\)/],
  ];
  for (const [entry, key, text] of wrong) t.match(problemsOf(entry), [{ key, text }], JSON.stringify(entry));
  const secret = { 'client-secret': 'hunter2', 'client-secrets': 'hunter2', issuer: 'hunter2' };
  t.notMatch(JSON.stringify(problemsOf(secret)), 'hunter2');
  t.equal((problemsOf({ issuer: 'x', name: 'X', 'client-secret-file': 'gone' }) as unknown[]).length, 3);
  t.same(problemsOf({ issuer: 'http://127.0.0.1:5556/dex' }), []);
  t.same(problemsOf({ issuer: 'https://login.microsoftonline.com/0f3a/v2.0' }), []);
});
