import t from 'tap';
import { gatewayAccess } from '../../../client/commands/gateway-flags.ts';
import { openGateSession } from '../../../client/forward/gate-session.ts';
import { FakeGateway } from '../fake-gateway.ts';
import { FakeSurroundings } from '../fake-surroundings.ts';

t.test('a login, its end, and what a machine may not do to it', async (t) => {
  const gateway = await FakeGateway.start(t);
  const user = new FakeSurroundings(t);
  user.addKey();
  const flags = { server: `ssh://127.0.0.1:${String(gateway.port)}`, hostKey: [gateway.fingerprint] };
  const access = await gatewayAccess(flags, 'default', user);
  if (!access.ok) throw new Error(access.outcome.kind);
  const opened = await openGateSession(access.value, new AbortController().signal);
  if (opened.kind !== 'open') throw new Error(opened.reason);
  const [tunnel] = gateway.tunnels;
  t.equal(tunnel?.user, 'default');
  await t.rejects(async () => {
    await tunnel?.open('/web');
  });
  await opened.session.close();
  t.match(await opened.session.closed, { kind: 'lost' });
  const wrong = { ...access.value, hostKey: { kind: 'pinned', fingerprints: ['SHA256:x'] } } as const;
  t.match(await openGateSession(wrong, new AbortController().signal), { kind: 'refused', code: 'host-key' });
});
