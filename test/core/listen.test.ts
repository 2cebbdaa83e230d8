import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { acceptedAll, listenOn, type Sharing } from '../../core/listen.ts';

const anyPort = { host: '127.0.0.1', port: 0 };

function server(t: Test, onSocket: (socket: Socket) => void = (socket) => socket.destroy()): Server {
  const made = createServer((socket) => {
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  t.teardown(() => made.close());
  return made;
}

async function listening(
  t: Test,
  sharing: Sharing,
  port = 0,
): Promise<{ made: Server; shared: boolean; port: number }> {
  const made = server(t);
  const shared = await listenOn(made, { host: '127.0.0.1', port }, sharing);
  return { made, shared, port: (made.address() as AddressInfo).port };
}

t.test('who is first shares with a successor, and with nobody else', async (t) => {
  const { shared, port } = await listening(t, 'first');
  t.equal(shared, process.platform === 'linux');
  await t.rejects(listening(t, 'alone', port), { code: 'EADDRINUSE' });
  await t.rejects(listening(t, 'first', port), { code: 'EADDRINUSE' });
  t.equal((await listening(t, 'join', port)).port, port);
});

t.test('who is alone stays alone', async (t) => {
  const { shared, port } = await listening(t, 'alone');
  t.equal(shared, false);
  await t.rejects(listening(t, 'first', port), { code: 'EADDRINUSE' });
  await t.rejects(listening(t, 'join', port), { code: 'EADDRINUSE' });
});

t.test('a port that is free is free after it was looked at', async (t) => {
  const { made, port } = await listening(t, 'alone');
  made.close();
  await once(made, 'close');
  t.equal((await listening(t, 'first', port)).port, port);
});

t.test('a system that cannot share a port', async (t) => {
  const made = server(t);
  const listen = made.listen.bind(made);
  const unsupported = Object.assign(new Error('listen ENOTSUP'), { code: 'ENOTSUP' });
  made.listen = ((options: { reusePort?: boolean }, done: () => void) => {
    if (options.reusePort !== true) return listen(options, done);
    process.nextTick(() => made.emit('error', unsupported));
    return made;
  }) as Server['listen'];
  await t.rejects(listenOn(made, anyPort, 'join'), { code: 'ENOTSUP' }, 'a successor says so');
  t.equal(await listenOn(made, anyPort, 'first'), false);
  t.ok(made.listening);
});

t.test('what the kernel has accepted is waited for, and no longer than allowed', async (t) => {
  let accepted = 0;
  const made = server(t, () => (accepted += 1));
  await listenOn(made, anyPort, 'first');
  const { port } = made.address() as AddressInfo;
  const clients = Array.from({ length: 50 }, () => connect(port, '127.0.0.1'));
  for (const client of clients) {
    client.on('error', () => undefined);
    t.teardown(() => client.destroy());
  }
  await Promise.all(clients.map((client) => once(client, 'connect')));
  await acceptedAll(() => accepted, 10_000);
  t.equal(accepted, 50);
  let never = 0;
  await acceptedAll(() => (never += 1), 20);
  t.pass('it ends though there is always one more');
});
