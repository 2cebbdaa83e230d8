import { once } from 'node:events';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import type { SshConnection } from '../../client/connection.ts';
import type { GatewayAccess } from '../../client/login.ts';
import { makeJobKey } from '../../client/oidc/job-key.ts';
import { runWithScannedKeys, scanThroughGate } from '../../client/target-scan.ts';
import { FakeGateway, type FakeGatewayOptions } from './fake-gateway.ts';

type Gate = Pick<SshConnection, 'openDirect'>;

/** A gate that leads to an SSH server on this machine. */
function gateTo(port: number, asked: unknown[]): Gate {
  const openDirect = async (address: unknown) => {
    asked.push(address);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket as unknown as Awaited<ReturnType<Gate['openDirect']>>;
  };
  return { openDirect };
}

async function accessOf(t: Test, options: FakeGatewayOptions = {}): Promise<GatewayAccess> {
  const gateway = await FakeGateway.start(t, options);
  return {
    server: { transport: 'tcp', host: '127.0.0.1', port: gateway.port },
    trust: undefined,
    hostKey: { kind: 'pinned', fingerprints: [gateway.fingerprint] },
    identities: [makeJobKey().identity],
    user: 'ana',
  };
}

const command = { name: 'target create', line: 'target create -- pr-1' };

t.test('the host keys are those of the server that the gate leads to', async (t) => {
  const machine = await FakeGateway.start(t);
  const asked: unknown[] = [];
  const seen = await scanThroughGate(gateTo(machine.port, asked), 'Feature/X');
  t.same(seen, { kind: 'keys', keys: [machine.hostKeyLine] });
  t.match(asked, Array(3).fill({ host: 'Feature/X', port: 22 }));
});

t.test('why the gate does not lead there is told in one line', async (t) => {
  const refusing: Gate = {
    openDirect: () =>
      Promise.resolve({ kind: 'prohibited', detail: 'pr-1 is offline\n(ERR_TARGET_OFFLINE)' }),
  };
  t.same(await scanThroughGate(refusing, 'pr-1'), {
    kind: 'unreachable',
    reason: 'pr-1 is offline (ERR_TARGET_OFFLINE)',
  });
});

t.test('the command reads them', async (t) => {
  const machine = await FakeGateway.start(t);
  const given: string[] = [];
  const access = await accessOf(t, {
    directPort: machine.port,
    run: (line, stdin) => {
      given.push(line, stdin);
      return { stdout: 'added\n', code: 0 };
    },
  });
  const reply = await runWithScannedKeys(access, command, 'pr-1');
  t.match(reply, { lines: ['added'], outcome: { kind: 'ok' } });
  t.same(given, [command.line, `${machine.hostKeyLine}\n`]);
});

t.test('without host keys the command is not given', async (t) => {
  const reply = await runWithScannedKeys(await accessOf(t), command, 'pr-1');
  t.match(reply, {
    lines: [],
    outcome: { kind: 'failed', reason: /^cannot look at the host keys of pr-1: / },
  });
});

t.test('nor without a login', async (t) => {
  const reply = await runWithScannedKeys(await accessOf(t, { admitted: [] }), command, 'pr-1');
  t.match(reply, { lines: [], outcome: { kind: 'refused' } });
});
