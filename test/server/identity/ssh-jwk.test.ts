import { calculateJwkThumbprintUri, exportJWK } from 'jose';
import t from 'tap';
import { jwkOf, thumbprintUri } from '../../../server/identity/ssh-jwk.ts';
import { privateKeyOf } from '../../support/machine-token.ts';
import { makeKey, type KeyOptions } from '../../support/ssh-keys.ts';

const kinds: readonly KeyOptions[] = [
  {},
  { type: 'rsa', bits: 2048 },
  ...[256, 384, 521].map((bits) => ({ type: 'ecdsa' as const, bits })),
];

for (const kind of kinds) {
  t.test(`${kind.type ?? 'ed25519'} ${String(kind.bits ?? '')}`, async (t) => {
    const key = makeKey(t, kind);
    const jwk = jwkOf(key);
    const jose = await exportJWK(privateKeyOf(key));
    for (const name of ['kty', 'crv', 'x', 'y', 'n', 'e'] as const)
      t.equal(jwk?.[name], jose[name], `the same ${name} as of the private half`);
    t.equal(jwk && thumbprintUri(jwk), await calculateJwkThumbprintUri(jose));
  });
}

t.test('a FIDO key signs no tokens', async (t) => {
  t.equal(jwkOf({ type: 'sk-ssh-ed25519@openssh.com', blob: Buffer.alloc(0) }), undefined);
  t.equal(jwkOf({ type: 'constructor', blob: Buffer.alloc(0) }), undefined);
});

t.test('by the example of RFC 7638', async (t) => {
  const n =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
  t.equal(
    thumbprintUri({ kty: 'RSA', n, e: 'AQAB' }),
    'urn:ietf:params:oauth:jwk-thumbprint:sha-256:NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
  );
});
