import t from 'tap';
import { fingerprint } from '../../../core/fingerprint.ts';
import { AttemptLimits } from '../../../server/access/attempt-limits.ts';
import type { GrantRecord } from '../../../server/access/grant-record.ts';
import type { MachineKey } from '../../../server/access/machine-tokens.ts';
import { hashPassword } from '../../../server/access/passwords.ts';
import { AuthorizationProofs } from '../../../server/access/proofs.ts';
import type { Place } from '../../../server/access/viewer.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { machineToken, preevyBasic } from '../../support/machine-token.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const here: Place = {
  env: 'pr-42',
  service: undefined,
  access: 'private',
  owner: 'ana',
  from: undefined,
};
const web: Place = { ...here, service: 'web' };
const address = '192.0.2.1';

function basic(password: string, user = 'anybody'): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

async function grant(password: string, more: Partial<GrantRecord> = {}): Promise<GrantRecord> {
  return {
    id: `id-of-${password}`,
    kind: 'password',
    env: 'pr-42',
    service: undefined,
    owner: 'ana',
    name: '',
    createdAt: 0,
    createdBy: 'ana',
    expiresAt: undefined,
    emails: [],
    maxUses: undefined,
    uses: 0,
    lastUsedAt: undefined,
    lastUsedFrom: undefined,
    hash: await hashPassword(password),
    revokedAt: undefined,
    ...more,
  };
}

/** Proofs about grants and keys that the test may change. */
function make(grants: GrantRecord[] = [], keys: MachineKey[] = []) {
  const clock = { ms: Date.now() };
  const attempts = new AttemptLimits({ now: () => clock.ms });
  const used: string[] = [];
  const audited: AuditEntry[] = [];
  const proofs = new AuthorizationProofs({
    grants: {
      ofEnv: (env) => grants.filter((each) => each.env === env),
      used: (id, { address: from }) => used.push(`${id} from ${from}`),
    },
    audit: { record: (entry) => audited.push(entry) },
    machines: { keysOf: (env) => (env === 'pr-42' ? keys : []) },
    attempts,
    domain: 'preview.test',
    now: () => clock.ms,
  });
  const look = (authorization: string, place = here, from = address) =>
    proofs.look(authorization, { place, address: from });
  /** As the ingress does: what is to be proven first is asked for once more. */
  const settle = async (authorization: string, place = here, from = address) => {
    const first = look(authorization, place, from);
    if (first.kind !== 'unproven') return first;
    await first.prove();
    return look(authorization, place, from);
  };
  return { grants, keys, clock, attempts, used, audited, look, settle };
}

t.test('a password opens its environment, and then at once', async (t) => {
  const { look, settle } = make([await grant('secret')]);
  t.equal(look(basic('secret')).kind, 'unproven');
  const proven = { kind: 'proven', via: 'password', pass: { kind: 'grant', id: 'id-of-secret' } } as const;
  t.same(await settle(basic('secret')), proven);
  t.same(look(basic('secret')), proven, 'it is remembered');
  t.same(look(basic('secret', 'somebody-else')), proven, 'whatever the name');
  t.same(await settle(basic('secret'), web), proven, 'all services');
  t.same(await settle(basic('wrong')), { kind: 'refused' });
  t.same(look(basic('wrong')), { kind: 'refused' });
});

t.test('the password of a service opens nothing else', async (t) => {
  const { settle } = make([await grant('everywhere'), await grant('of-web', { service: 'web' })]);
  t.match(await settle(basic('of-web'), web), { kind: 'proven', pass: { id: 'id-of-of-web' } });
  t.match(await settle(basic('everywhere'), web), { kind: 'proven', pass: { id: 'id-of-everywhere' } });
  t.same(await settle(basic('of-web')), { kind: 'refused' });
  t.same(await settle(basic('of-web'), { ...here, service: 'api' }), { kind: 'refused' });
});

t.test('a password that is changed, revoked, over or of a former owner is no good any more', async (t) => {
  const old = await grant('old');
  const parts = make([old]);
  const { grants, settle, look } = parts;
  t.match(await settle(basic('old')), { kind: 'proven' });
  t.same(await settle(basic('new')), { kind: 'refused' });
  grants[0] = await grant('new');
  t.match(await settle(basic('new')), { kind: 'proven' }, 'also where it was wrong a moment ago');
  t.same(await settle(basic('old')), { kind: 'refused' });
  grants[0] = old;
  t.match(look(basic('old')), { kind: 'proven' });
  for (const change of [
    { revokedAt: 1 },
    { expiresAt: parts.clock.ms },
    { owner: 'ben' },
    { kind: 'link' as const },
  ]) {
    grants[0] = { ...old, ...change };
    t.match(await settle(basic('old')), { kind: 'not-ours' }, JSON.stringify(change));
  }
});

t.test('where there is no password, the same is done, and the app may have it', async (t) => {
  const { look, settle } = make();
  t.equal(look(basic('secret')).kind, 'unproven');
  t.same(await settle(basic('secret')), { kind: 'not-ours' });
  const nowhere = { ...here, env: 'pr-99', owner: undefined };
  t.equal(look(basic('secret'), nowhere).kind, 'unproven');
  t.same(await settle(basic('secret'), nowhere), { kind: 'not-ours' });
});

t.test('what cannot be a password or a token of ours is left alone', async (t) => {
  const { look } = make([await grant('secret')]);
  for (const authorization of [
    basic(''),
    basic('x'.repeat(257)),
    basic('two\nlines'),
    'Bearer abc',
    'Bearer a.b.c',
    'Digest x',
    'Basic !!',
    basic('not-a-token', 'x-preevy-profile-key'),
  ])
    t.same(look(authorization), { kind: 'not-ours' }, authorization.slice(0, 40));
});

t.test('wrong ones are counted, each time that they are shown', async (t) => {
  const { look, settle, clock } = make([await grant('secret')]);
  t.match(await settle(basic('secret'), here, '192.0.2.9'), { kind: 'proven' });
  for (let count = 0; count < 11; count += 1)
    t.same(await settle(basic(count < 8 ? 'wrong' : 'other')), { kind: 'refused' });
  t.match(look(basic('wrong')), { kind: 'limited', retryAfterSeconds: 1 });
  t.match(
    look(basic('secret')),
    { kind: 'limited' },
    'whoever has to wait does not learn which one is right',
  );
  t.match(look(basic('secret'), here, '192.0.2.9'), { kind: 'proven' }, 'others do not wait');
  clock.ms += 1000;
  t.match(look(basic('secret')), { kind: 'proven' });
});

t.test('what opened something is noted, and what did not, without a word of it', async (t) => {
  const { settle, look, used, audited } = make([await grant('secret')]);
  await settle(basic('secret'), web);
  look(basic('secret'), web);
  await settle(basic('hunter2'));
  t.match(audited, [
    {
      action: 'password.use',
      result: 'ok',
      target: 'pr-42',
      address,
      detail: { id: 'id-of-secret', service: 'web' },
    },
    { action: 'password.refused', result: 'refused', target: 'pr-42' },
  ]);
  t.same(used, ['id-of-secret from 192.0.2.1', 'id-of-secret from 192.0.2.1']);
  t.notMatch(JSON.stringify(audited), /hunter2/);
});

t.test('a wrong one is looked at again after a while', async (t) => {
  const { look, settle, clock } = make([await grant('secret')]);
  t.same(await settle(basic('wrong')), { kind: 'refused' });
  clock.ms += 60_000;
  t.equal(look(basic('wrong')).kind, 'unproven');
});

t.test(
  'the same is looked at once for all who show it, and one source cannot have much looked at',
  async (t) => {
    const { look, attempts } = make([await grant('secret')]);
    const looks = ['a', 'b', 'c', 'd'].map((password) => look(basic(password)));
    const again = look(basic('a'));
    const work = looks.map((each) => (each.kind === 'unproven' ? each.prove() : Promise.resolve()));
    t.match(look(basic('e')), { kind: 'limited', retryAfterSeconds: 1 });
    t.equal(look(basic('e'), here, '192.0.2.2').kind, 'unproven', 'others may');
    if (again.kind === 'unproven') work.push(again.prove());
    await Promise.all(work);
    for (const password of ['a', 'b', 'c', 'd']) t.same(look(basic(password)), { kind: 'refused' });
    for (let count = 0; count < 6; count += 1) attempts.failed(address, 'pr-42');
    t.equal(attempts.check(address, 'pr-42').ok, true, 'four failures were counted');
    t.equal(look(basic('e')).kind, 'unproven');
  },
);

t.test('who finds the gateway busy is told so, and may come again', async (t) => {
  const { look, clock } = make([await grant('secret')]);
  const crowd = Array.from({ length: 40 }, (_, index) => {
    const from = `192.0.2.${String(index)}`;
    const found = look(basic(`wrong ${String(index)}`), here, from);
    return { from, index, done: found.kind === 'unproven' ? found.prove() : Promise.resolve() };
  });
  await Promise.all(crowd.map(({ done }) => done));
  const kinds = crowd.map(({ from, index }) => look(basic(`wrong ${String(index)}`), here, from).kind);
  t.equal(kinds.filter((kind) => kind === 'limited').length, 6);
  clock.ms += 1000;
  t.equal(look(basic('wrong 39'), here, '192.0.2.39').kind, 'unproven');
});

t.test("a token that the machine's key signed opens what its tunnel serves", async (t) => {
  const [key, other] = [makeKey(t), makeKey(t)];
  const keys = [{ type: key.type, blob: key.blob, fingerprint: fingerprint(key.blob) }];
  const { look, settle, clock } = make([], keys);
  const proven = { kind: 'proven', via: 'machine', pass: undefined } as const;
  const token = await machineToken(key, { expires: '2h' });
  const bearer = `Bearer ${token}`;
  t.same(await settle(bearer), proven);
  t.same(look(bearer), proven, 'it is remembered');
  t.same(await settle(preevyBasic(token)), proven, 'as Preevy writes it into URLs');
  t.same(await settle(bearer, { ...here, env: 'pr-43' }), { kind: 'refused' }, 'not what others serve');
  t.same(await settle(`Bearer ${await machineToken(other)}`), { kind: 'refused' });
  for (let count = 0; count < 20; count += 1) look(`Bearer ${await machineToken(other)}`);
  clock.ms += 3 * 3_600_000;
  t.same(await settle(bearer), { kind: 'refused' }, 'until it expires');
});

t.test('a token is no good once its machine is gone, and good when it is there again', async (t) => {
  const key = makeKey(t);
  const machine = { type: key.type, blob: key.blob, fingerprint: fingerprint(key.blob) };
  const { keys, settle } = make([], []);
  const bearer = `Bearer ${await machineToken(key)}`;
  t.same(await settle(bearer), { kind: 'refused' });
  keys.push(machine, machine);
  t.match(await settle(bearer), { kind: 'proven' });
  keys.pop();
  t.match(await settle(bearer), { kind: 'proven' });
  keys.pop();
  t.same(await settle(bearer), { kind: 'refused' });
});

t.test('who must wait for wrong passwords may still show a token: nobody guesses one', async (t) => {
  const key = makeKey(t);
  const { look, settle, attempts } = make([], [{ ...key, fingerprint: fingerprint(key.blob) }]);
  const bearer = `Bearer ${await machineToken(key)}`;
  t.match(await settle(bearer), { kind: 'proven' });
  for (let count = 0; count < 20; count += 1) attempts.failed(address, 'pr-42');
  t.match(look(bearer), { kind: 'proven' });
  t.match(await settle(`Bearer ${await machineToken(makeKey(t))}`), { kind: 'limited' });
  t.match(look(basic('secret')), { kind: 'limited' });
  t.match(await settle(`Bearer ${await machineToken(key, { expires: '1d' })}`), { kind: 'proven' });
  t.equal(look(basic('secret')).kind, 'unproven', 'whoever is right is forgiven');
});
