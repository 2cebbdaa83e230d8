import t from 'tap';
import { parsePublicKey } from '../../../core/public-key.ts';
import { fingerprint } from '../../../core/fingerprint.ts';
import { ExchangeVisit } from '../../../server/oidc/exchange-visit.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const ann = makeKey(t);
const parsed = parsePublicKey(ann.line);
if (!parsed.ok) throw new Error(parsed.problem);
const { key } = parsed;
const call = { body: Buffer.alloc(0), address: '192.0.2.1', requestId: 'r' };

function visit(token: string, claims: Record<string, unknown>): ExchangeVisit {
  return new ExchangeVisit(
    { kind: 'certificate', token, key, ttlMs: undefined, env: undefined },
    call,
    claims,
  );
}

t.test('a token has one id, whatever its signature', async (t) => {
  const iss = 'https://ci.test';
  t.equal(visit('a.b.c', { iss }).tokenId, visit('a.b.d', { iss }).tokenId);
  t.not(visit('a.b.c', { iss }).tokenId, visit('a.c.c', { iss }).tokenId);
  t.equal(visit('a.b.c', { iss, jti: '1' }).tokenId, visit('x.y.z', { iss, jti: '1' }).tokenId);
  t.not(visit('a.b.c', { iss, jti: '1' }).tokenId, visit('a.b.c', { iss, jti: '2' }).tokenId);
  t.not(
    visit('a.b.c', { iss, jti: '1' }).tokenId,
    visit('a.b.c', { iss: 'https://b.test', jti: '1' }).tokenId,
  );
  t.equal(visit('a.b.c', { iss, jti: '' }).tokenId, visit('a.b.c', { iss }).tokenId);
});

t.test('one that is to visit has no key', async (t) => {
  const request = { kind: 'visit', token: 'a.b.c', ttlMs: undefined, env: 'pr-42' } as const;
  t.equal(new ExchangeVisit(request, call, {}).fingerprint, undefined);
});

t.test('its key, and its end', async (t) => {
  const one = visit('a.b.c', { exp: 1_800_000_000 });
  t.equal(one.fingerprint, fingerprint(ann.blob));
  t.equal(one.expiresAt, 1_800_000_000_000);
});
