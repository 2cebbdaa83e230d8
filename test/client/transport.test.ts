import t, { type Test } from 'tap';
import { createServer as createTlsServer } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { dial, type Dialled, trustIn } from '../../client/transport.ts';
import type { ServerAddress } from '../../client/server-url.ts';
import { makeAuthority } from './certificates.ts';
import { freePort, localServer } from './local-servers.ts';

const authority = makeAuthority();
const trust = trustIn(authority.ca);

function reach(
  server: Omit<ServerAddress, 'host'> & { host?: string },
  options: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<Dialled> {
  return dial({
    server: { host: 'localhost', ...server },
    trust,
    timeoutMs: 5000,
    signal: new AbortController().signal,
    ...options,
  });
}

async function tlsServer(t: Test, protocols: string[] | undefined): Promise<number> {
  const { cert, key } = authority.issue({ dns: ['localhost'] });
  const server = createTlsServer(
    { cert, key, ...(protocols === undefined ? {} : { ALPNProtocols: protocols }) },
    (socket) => {
      socket.on('error', () => undefined);
      t.teardown(() => socket.destroy());
    },
  );
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

t.test('TLS with and without ALPN at the other end', async (t) => {
  for (const protocols of [['h2', 'http/1.1', 'ssh'], undefined]) {
    const dialled = await reach({ transport: 'tls', port: await tlsServer(t, protocols) });
    t.equal(dialled.kind, 'dialled');
    if (dialled.kind === 'dialled') dialled.socket.destroy();
  }
});

t.test('what is there but no gateway is told apart', async (t) => {
  t.match(await reach({ transport: 'tls', port: await tlsServer(t, ['h2']) }), {
    kind: 'lost',
    reason: /ALPN ssh/,
  });
  const plain = await localServer(t, (socket) => socket.end('SSH-2.0-sshd\r\n'));
  t.match(await reach({ transport: 'tls', port: plain.port }), {
    kind: 'lost',
    reason: /--server ssh:\/\/localhost/,
  });
  t.match(await reach({ transport: 'tls', port: await freePort(t) }), {
    kind: 'lost',
    reason: /ECONNREFUSED/,
  });
  t.match(await reach({ transport: 'tcp', port: await freePort(t) }), {
    kind: 'lost',
    reason: /ECONNREFUSED/,
  });
  t.match(await reach({ transport: 'tcp', host: 'nowhere.invalid', port: 1 }), {
    kind: 'lost',
    reason: /nowhere\.invalid/,
  });
});

t.test('a server that hangs up, or says nothing', async (t) => {
  const rude = await localServer(t, (socket) => socket.destroy());
  t.match(await reach({ transport: 'tls', port: rude.port }), { kind: 'lost' });
  const silent = await localServer(t, () => undefined);
  t.match(await reach({ transport: 'tls', port: silent.port }, { timeoutMs: 20 }), {
    kind: 'lost',
    reason: /did not answer/,
  });
});

t.test('stopped while it dials, or before', async (t) => {
  const silent = await localServer(t, () => undefined);
  const stop = new AbortController();
  const dialling = reach({ transport: 'tls', port: silent.port }, { signal: stop.signal });
  stop.abort();
  t.match(await dialling, { kind: 'lost', reason: 'stopped' });
  t.match(await reach({ transport: 'tcp', port: silent.port }, { signal: stop.signal }), {
    kind: 'lost',
    reason: 'stopped',
  });
});

t.test('without a CA of its own it trusts whom Node and the system trust', async (t) => {
  t.ok(trustIn(undefined));
  t.throws(() => trustIn('nonsense'), /no certificate/);
  t.throws(() => trustIn('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'));
  t.ok(trustIn(`a comment\n${authority.ca}\n${makeAuthority('another').ca}`));
});
