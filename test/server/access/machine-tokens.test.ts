import { SignJWT, UnsecuredJWT } from 'jose';
import fc from 'fast-check';
import t from 'tap';
import { fingerprint } from '../../../core/fingerprint.ts';
import {
  isMachineToken,
  verifyMachineToken,
  type MachineKey,
  type MachineTokenFacts,
} from '../../../server/access/machine-tokens.ts';
import { machineToken, preevyIssuer, type MachineTokenOptions } from '../../support/machine-token.ts';
import { makeKey, type KeyOptions, type SshKey } from '../../support/ssh-keys.ts';

const nowMs = Date.now();
const dayS = 86_400;
const nowS = Math.floor(nowMs / 1000);

function machineKey({ type, blob }: SshKey): MachineKey {
  return { type, blob, fingerprint: fingerprint(blob) };
}

function facts(...keys: SshKey[]): MachineTokenFacts {
  return { env: 'pr-42', keys: keys.map(machineKey), domain: 'preview.test', nowMs };
}

const fits: readonly [KeyOptions, readonly string[]][] = [
  [{}, ['EdDSA', 'Ed25519']],
  [{ type: 'rsa', bits: 2048 }, ['RS256', 'RS512', 'PS256']],
  [{ type: 'ecdsa', bits: 256 }, ['ES256']],
  [{ type: 'ecdsa', bits: 384 }, ['ES384']],
  [{ type: 'ecdsa', bits: 521 }, ['ES512']],
];

for (const [kind, algorithms] of fits) {
  t.test(`signed with ${algorithms.join(', ')}`, async (t) => {
    const [key, other] = [makeKey(t, kind), makeKey(t, kind)];
    for (const alg of algorithms) {
      const token = await machineToken(key, { alg });
      t.equal(isMachineToken(token), true);
      const until = await verifyMachineToken(token, facts(other, key));
      t.ok(until !== undefined && Math.abs(until - nowMs - 60 * dayS * 1000) < 60_000, alg);
      t.equal(await verifyMachineToken(token, facts(other)), undefined, 'with the key of another');
      t.equal(await verifyMachineToken(token, facts()), undefined, 'with no key');
      const stolen = await machineToken(other, { alg, issuer: await preevyIssuer(key) });
      t.equal(await verifyMachineToken(stolen, facts(key, other)), undefined, 'in the name of another');
    }
  });
}

t.test('times and audiences', async (t) => {
  const key = makeKey(t);
  const cases: readonly [string, MachineTokenOptions, boolean][] = [
    ['without an end', { expires: undefined }, false],
    ['that ended a moment ago', { expires: nowS - 1 }, false],
    ['for 400 days', { expires: nowS + 400 * dayS - 10 }, true],
    ['for longer', { expires: nowS + 401 * dayS }, false],
    ['without its beginning', { dated: false }, true],
    ['made by a clock that goes ahead', { claims: { iat: nowS + 50 } }, true],
    ['made in the future', { claims: { iat: nowS + 120 } }, false],
    ['not good yet, by a clock that goes ahead', { claims: { nbf: nowS + 50 } }, true],
    ['not good yet', { claims: { nbf: nowS + 120 } }, false],
    ['for the gateway', { claims: { aud: 'https://preview.test' } }, true],
    ['for the gateway, with its port', { claims: { aud: 'https://preview.test:8443/' } }, true],
    ['for the gateway by name', { claims: { aud: 'preview.test' } }, true],
    ['for a host of the environment', { claims: { aud: ['else', 'https://WEB--pr-42.preview.test'] } }, true],
    ['for another environment', { claims: { aud: 'https://web--pr-43.preview.test' } }, false],
    ['for somebody else', { claims: { aud: 'https://elsewhere.test' } }, false],
    ['for nobody', { claims: { aud: [] } }, false],
    ['of the type JWT', { typ: 'JWT' }, true],
    ['of another type', { typ: 'at+jwt' }, false],
  ];
  for (const [name, options, good] of cases) {
    const until = await verifyMachineToken(await machineToken(key, options), facts(key));
    t.equal(until !== undefined, good, name);
  }
});

t.test('an end that is no time', async (t) => {
  const key = makeKey(t);
  const [head = '', , signature = ''] = (await machineToken(key)).split('.');
  const iss = await preevyIssuer(key);
  for (const exp of ['1e999', '"never"', 'null', '-1', '{}']) {
    const body = Buffer.from(`{"iss":"${iss}","exp":${exp}}`).toString('base64url');
    t.equal(await verifyMachineToken(`${head}.${body}.${signature}`, facts(key)), undefined, exp);
  }
});

t.test('what needs no private key opens nothing', async (t) => {
  const key = makeKey(t);
  const issuer = await preevyIssuer(key);
  const unsigned = new UnsecuredJWT({}).setIssuer(issuer).setIssuedAt().setExpirationTime('1d').encode();
  t.equal(isMachineToken(unsigned), true);
  t.equal(await verifyMachineToken(unsigned, facts(key)), undefined, 'alg none');
  for (const secret of [key.blob, Buffer.from(key.line), key.blob.subarray(-32)]) {
    const signed = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(issuer)
      .setExpirationTime('1d')
      .sign(secret);
    t.equal(await verifyMachineToken(signed, facts(key)), undefined, 'the public key as a secret');
  }
  const rsa = makeKey(t, { type: 'rsa', bits: 2048 });
  const other = await machineToken(rsa, { alg: 'RS256', issuer });
  t.equal(await verifyMachineToken(other, facts(key, rsa)), undefined, 'an algorithm of another type of key');
  const token = await machineToken(key);
  t.equal(await verifyMachineToken(`${token.slice(0, -4)}AAAA`, facts(key)), undefined, 'another signature');
});

t.test('other tokens are none of ours', async (t) => {
  const key = makeKey(t);
  t.equal(isMachineToken(await machineToken(key, { issuer: 'https://issuer.test' })), false);
  t.equal(isMachineToken('a.b.c'), false);
  t.equal(isMachineToken('pht_abc.def'), false);
  t.equal(isMachineToken(`${'a'.repeat(5000)}.${'b'.repeat(5000)}.c`), false);
  fc.assert(fc.property(fc.string(), (text) => !isMachineToken(text)));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.base64String(), { maxLength: 4 }), async (parts) => {
      return (await verifyMachineToken(parts.join('.'), facts())) === undefined;
    }),
  );
});
