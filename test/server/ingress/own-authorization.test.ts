import fc from 'fast-check';
import t from 'tap';
import { isOwnAuthorization } from '../../../server/ingress/own-authorization.ts';

const token = `pht_abcdefghij23.${'A'.repeat(43)}`;
const jwt = (payload: unknown): string =>
  ['{"alg":"EdDSA"}', JSON.stringify(payload), 'x'].map((part) => btoa(part).replace(/=+$/, '')).join('.');

t.test('tokens of the gateway, however they are sent', async (t) => {
  const ours = [
    `Bearer ${token}`,
    `bearer   ${token}`,
    `Token ${token}`,
    `Bearer a, Bearer ${token}`,
    `Basic ${btoa(`x:${token}`)}`,
    `BASIC ${btoa(`${token}:`)}`,
    `Basic ${btoa(`x-preevy-profile-key:whatever`)}`,
    `Bearer ${jwt({ iss: 'preevy://Zm9v' })}`,
    `Basic x, Bearer ${jwt({ iss: 'preevy://Zm9v' })}`,
  ];
  for (const value of ours) t.ok(isOwnAuthorization(value), value);
});

t.test("the app's own", async (t) => {
  const theirs = [
    'Bearer abc',
    'Bearer pht_',
    `Basic ${btoa('user:password')}`,
    `Bearer ${jwt({ iss: 'https://login.example' })}`,
    'Digest username="a", realm="b"',
    'Bearer a.b.c',
    '',
  ];
  for (const value of theirs) t.notOk(isOwnAuthorization(value), value);
});

t.test('nothing that somebody sends makes it fail', async () => {
  fc.assert(fc.property(fc.string(), (text) => typeof isOwnAuthorization(text) === 'boolean'));
  const schemes = fc.constantFrom('Basic', 'Bearer', 'bearer', 'x');
  fc.assert(
    fc.property(schemes, fc.base64String(), (scheme, text) => {
      isOwnAuthorization(`${scheme} ${text}`);
    }),
  );
});
