import t, { type Test } from 'tap';
import { gatewayAccess } from '../../../client/commands/gateway-flags.ts';
import { askInLogin, askSshConfigFacts, type FactsWanted } from '../../../client/ssh-config/ask-facts.ts';
import { gateKey, targetId } from '../../support/ssh-config-facts.ts';
import { configGateway } from '../config-gateway.ts';

const server = { transport: 'tcp', host: 'gw.example', port: 2222 } as const;

async function askAt(t: Test, facts: Parameters<typeof configGateway>[1], wanted: FactsWanted) {
  const { gateway, user, commands } = await configGateway(t, facts);
  const flags = { server: `ssh://127.0.0.1:${String(gateway.port)}`, hostKey: [gateway.fingerprint] };
  const access = await gatewayAccess(flags, 'tester', user);
  if (!access.ok) throw new Error(access.outcome.kind);
  return {
    commands,
    answer: await askInLogin(access.value, (connection) => askSshConfigFacts(connection, wanted, server)),
  };
}

t.test("the words that are sent, and the gateway's own address as it was reached", async (t) => {
  const { commands, answer } = await askAt(t, {}, { target: '-x', profile: 'p q', gate: 'g' });
  t.same(commands, [['ssh-config', '--profile=p q', '--gate=g', '--json', '--', '-x']]);
  t.match(answer, {
    ok: true,
    value: { gate: { host: 'gw.example', port: 2222 }, targets: [{ id: targetId }] },
  });
  const gate = { name: 'ops', host: 'ops.example', port: 22, ownAddress: false, hostKeys: [gateKey] };
  t.match((await askAt(t, { gate }, { all: true })).answer, {
    value: { gate: { host: 'ops.example', port: 22 } },
  });
});

t.test('what comes instead', async (t) => {
  t.match((await askAt(t, { code: 3, stderr: 'no\n' }, {})).answer, {
    ok: false,
    outcome: { kind: 'refused', reason: 'no' },
  });
  t.match((await askAt(t, { code: 0, stdout: '?\n' }, {})).answer, {
    ok: false,
    outcome: { kind: 'failed' },
  });
});
