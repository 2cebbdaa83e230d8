import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { scanHostKeys, type ScanOptions } from '../../../client/ssh-server/host-key-scan.ts';
import { scanLocal } from '../../../client/ssh-server/open-reporter.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { SshMachine } from '../../support/ssh-machine.ts';

function open(port: number): ScanOptions['open'] {
  return async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return { ok: true, value: socket };
  };
}

/** Something that is no SSH server. */
async function listen(t: Test, serve: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    t.teardown(() => socket.destroy());
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

t.test('all that a real sshd shows, and nobody logs in', async (t) => {
  const hostKeys = [
    makeKey(t, { type: 'rsa', bits: 2048 }),
    makeKey(t),
    makeKey(t, { type: 'ecdsa', bits: 384 }),
  ];
  const machine = await SshMachine.start(t, { clients: [], hostKeys });
  const [rsa, ed25519, ecdsa] = hostKeys.map(({ line }) => line);
  const target = { kind: 'tcp', hosts: [machine.address] as [string], port: machine.port } as const;
  t.same(await scanLocal(target), { kind: 'keys', keys: [ed25519, ecdsa, rsa] });
  t.same(await scanLocal(target, { kinds: ['rsa'] }), { kind: 'keys', keys: [rsa] });
  t.notMatch(machine.log, /Invalid user|Failed|authenticating/);
  const strict = scanHostKeys({ open: open(machine.port), timeoutMs: 5000 });
  t.same(await strict, { kind: 'keys', keys: [ed25519, ecdsa, rsa] });
});

t.test('a server with one key only', async (t) => {
  const machine = await SshMachine.start(t, { clients: [] });
  const scan = (kinds?: ScanOptions['kinds']) =>
    scanHostKeys({ open: open(machine.port), timeoutMs: 5000, ...(kinds && { kinds }) });
  t.same(await scan(), { kind: 'keys', keys: [machine.hostKeys[0]?.line] });
  t.match(await scan(['rsa']), { kind: 'mute', reason: /shows no host key that can be used/ });
});

t.test('nothing listens', async (t) => {
  const found = await scanHostKeys({
    open: () => Promise.resolve({ ok: false, problem: 'connect ECONNREFUSED' }),
    timeoutMs: 1000,
  });
  t.same(found, { kind: 'unreachable', reason: 'connect ECONNREFUSED' });
  t.match(await scanLocal({ kind: 'unix', path: '/nowhere/sshd.sock' }), { kind: 'unreachable' });
});

t.test('what listens is no SSH server', async (t) => {
  const cases: Readonly<Record<string, (socket: Socket) => void>> = {
    'it hangs up': (socket) => socket.end(),
    'it breaks off': (socket) => socket.once('data', () => socket.resetAndDestroy()),
    'it says something else': (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(10_000)),
    'it says nothing': () => undefined,
    'it greets, and nothing more': (socket) => socket.write('SSH-2.0-x\r\n'),
    'it greets, and goes on with nonsense': (socket) => socket.end('SSH-2.0-x\r\n\xff\xff\xff\xff\xff\xff'),
    'it speaks SSH 1': (socket) => socket.write('SSH-1.5-x\r\n'),
  };
  for (const [name, serve] of Object.entries(cases)) {
    const port = await listen(t, serve);
    t.match(await scanHostKeys({ open: open(port), timeoutMs: 60 }), { kind: 'mute', reason: /./ }, name);
  }
});

t.test('one key that cannot be looked at makes all of them unknown', async (t) => {
  const machine = await SshMachine.start(t, { clients: [] });
  let tries = 0;
  const found = await scanHostKeys({
    open: () => {
      tries += 1;
      return tries === 1
        ? open(machine.port)()
        : Promise.resolve({ ok: false as const, problem: 'too many at once' });
    },
    timeoutMs: 5000,
  });
  t.same(found, { kind: 'unreachable', reason: 'too many at once' });
});
