import t, { type Test } from 'tap';
import { runGatewayCommand, type GatewayReply } from '../../client/gateway-command.ts';
import { gatewayAccess } from '../../client/commands/gateway-flags.ts';
import { FakeGateway, type FakeGatewayOptions } from './fake-gateway.ts';
import { FakeSurroundings } from './fake-surroundings.ts';
import { freePort } from './local-servers.ts';

const command = { name: 'key add', line: "key add '--name=a b'", stdin: 'the key\n' };

async function runAt(
  t: Test,
  options: FakeGatewayOptions & { readonly gone?: boolean },
): Promise<{ reply: GatewayReply; gateway: FakeGateway }> {
  const gateway = await FakeGateway.start(t, options);
  const user = new FakeSurroundings(t);
  user.addKey();
  const port = options.gone === true ? await freePort(t) : gateway.port;
  const flags = { server: `ssh://127.0.0.1:${port}`, hostKey: [gateway.fingerprint] };
  const access = await gatewayAccess(flags, 'tester', user);
  if (!access.ok) throw new Error(access.outcome.kind);
  return { reply: await runGatewayCommand(access.value, command), gateway };
}

t.test('the command with its input, and the whole answer', async (t) => {
  const ran: unknown[] = [];
  const long = Array.from({ length: 20_000 }, (_, index) => `line ${index}`);
  const { reply } = await runAt(t, {
    run: (line, stdin) => {
      ran.push([line, stdin]);
      return { stdout: `${long.join('\r\n')}\r\n`, stderr: 'porthole: a note\n', code: 0 };
    },
  });
  t.same(ran, [[command.line, command.stdin]]);
  t.same(reply, { lines: long, notes: ['a note'], outcome: { kind: 'ok' } });
});

t.test('the exit status says how it ended', async (t) => {
  for (const [code, kind] of [
    [1, 'failed'],
    [2, 'usage'],
    [3, 'refused'],
    [42, 'failed'],
  ] as const) {
    const { reply } = await runAt(t, { run: () => ({ code, stderr: 'porthole: no\r\n  indented\r\n' }) });
    t.same(reply, { lines: [], notes: [], outcome: { kind, reason: 'no\n  indented' } });
  }
  const { reply } = await runAt(t, { run: () => ({ stdout: 'half\n' }) });
  t.match(reply, { lines: ['half'], outcome: { kind: 'failed', reason: /without a word/ } });
});

t.test('a gateway from before these commands', async (t) => {
  const stderr = 'porthole: unknown command "key"; try: ssh ... help\n';
  const { reply } = await runAt(t, { run: () => ({ code: 2, stderr }) });
  t.match(reply.outcome, { kind: 'failed', reason: /too old for `porthole key add`/ });
});

t.test('no gateway, no login, no session', async (t) => {
  t.match((await runAt(t, { gone: true })).reply.outcome, { kind: 'failed', reason: /ECONNREFUSED/ });
  t.match((await runAt(t, { admitted: [] })).reply.outcome, { kind: 'refused', reason: /not authorised/ });
  const { reply, gateway } = await runAt(t, { noSessions: true });
  t.match(reply.outcome, { kind: 'failed', reason: /did not take the command/ });
  t.equal(gateway.tunnels.length, 1);
});
