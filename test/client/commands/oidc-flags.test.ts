import t from 'tap';
import { jobAccess } from '../../../client/commands/oidc-flags.ts';
import { FakeExchange } from '../oidc/fake-gateway-https.ts';
import { FakeSurroundings } from '../fake-surroundings.ts';

t.test('each login has the certificate of the moment', async (t) => {
  const gateway = await FakeExchange.start(t);
  const around = new FakeSurroundings(t, { env: { PORTHOLE_ID_TOKEN: 'a.b.c' } });
  const server = `https://localhost:${String(gateway.server.port)}`;
  const flags = { server, ca: around.write('ca.pem', gateway.ca) };
  const events: unknown[] = [];
  const access = jobAccess(flags, 'pr-1', around, (event) => events.push(event));
  if (!access.ok) throw new Error('no access');
  t.teardown(() => access.value.credential?.close());
  t.same(access.value.identities, []);
  t.equal(await access.value.credential?.ready(), undefined);
  t.match(access.value.identities, [{ isCertificate: true }]);
  t.match(events, [{ event: 'certificate', state: 'obtained' }]);
});

t.test('what is missing ends the command', async (t) => {
  const around = new FakeSurroundings(t);
  const failure = (server: string, user = 'pr-1') => jobAccess({ server }, user, around, () => undefined);
  t.match(failure('https://gw.test'), { ok: false, outcome: { kind: 'refused' } });
  t.match(failure('ssh://gw.test', 'pr-1'), { ok: false, outcome: { kind: 'usage' } });
  t.match(failure('https://gw.test', ''), { ok: false, outcome: { kind: 'usage' } });
});
