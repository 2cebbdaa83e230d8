import t from 'tap';
import { askGateway, printOf } from '../../../client/agent-setup/ask-gateway.ts';
import type { GatewayAccess } from '../../../client/login.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { FakeGateway, type FakeGatewayOptions } from '../fake-gateway.ts';
import { FakeSurroundings } from '../fake-surroundings.ts';
import { gatewayAccess } from '../../../client/commands/gateway-flags.ts';

const line = `${makeKey(t).line} machines`;

async function accessTo(
  t: Parameters<typeof FakeGateway.start>[0],
  options: FakeGatewayOptions,
): Promise<GatewayAccess> {
  const gateway = await FakeGateway.start(t, options);
  const user = new FakeSurroundings(t);
  user.addKey();
  const server = `ssh://127.0.0.1:${String(gateway.port)}`;
  const access = await gatewayAccess({ server, hostKey: [gateway.fingerprint] }, 'pr-1', user);
  if (!access.ok) throw new Error('no access');
  return access.value;
}

t.test('its authority, and how it writes the name of the environment', async (t) => {
  const answers = { 'gate ca': `${line}\r\n`, hello: `${JSON.stringify({ env: 'pr-1', tunnels: {} })}\r\n` };
  const access = await accessTo(t, { answers });
  t.match(await askGateway(access, false), { ok: true, facts: { ca: line, env: undefined } });
  const said = await askGateway(access, true);
  t.match(said, said.ok ? { facts: { ca: line, env: 'pr-1' } } : {});
  t.match(printOf(line), /^SHA256:/);
});

t.test('what is no key is not trusted', async (t) => {
  for (const answer of ['', 'nonsense', `${line}\n${line}`, 'ssh-ed25519 AAAA', `options ${line}`]) {
    const access = await accessTo(t, { answers: { 'gate ca': answer } });
    t.match(await askGateway(access, false), { ok: false, outcome: { kind: 'failed' } }, answer);
  }
});

t.test('a gateway that does not know of it, and one that is not there', async (t) => {
  const run = () => ({ stderr: 'porthole: unknown command "gate"\n', code: 2 });
  t.match(await askGateway(await accessTo(t, { run }), false), {
    ok: false,
    outcome: { reason: /unknown command/ },
  });
  const access = await accessTo(t, { admitted: [] });
  t.match(await askGateway(access, false), { ok: false, outcome: { kind: 'refused' } });
});
