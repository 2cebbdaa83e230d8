import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import t from 'tap';
import { Listener, formatListenAddress, listenError } from '../../tls/listener.ts';
import { Arrivals } from './arrivals.ts';

function ignore(): void {
  // What it would be told is not of interest to the test.
}

t.test('listens, and hands on what it accepts', async (t) => {
  for (const host of ['127.0.0.1', '::1', 'localhost']) {
    const sockets = new Arrivals<Socket>();
    const onSocket = (socket: Socket): void => {
      sockets.add(socket);
    };
    const listener = await Listener.open({ host, port: 0 }, { onSocket, onError: ignore });
    t.teardown(() => {
      listener.destroy('test over');
    });
    t.ok(listener.address.port > 0, host);
    const client = connect(listener.address);
    client.end('bye');
    const socket = await sockets.next();
    t.equal(socket.allowHalfOpen, true);
    socket.end('and bye');
    t.equal(Buffer.concat((await client.toArray()) as Buffer[]).toString(), 'and bye');
  }
});

t.test('says what is wrong with an address', async (t) => {
  const taken = await Listener.open({ host: '127.0.0.1', port: 0 }, { onSocket: ignore, onError: ignore });
  t.teardown(() => taken.close());
  const where = formatListenAddress(taken.address);
  const options = { onSocket: ignore, onError: ignore };
  await t.rejects(Listener.open(taken.address, options), {
    code: 'ERR_PORT_IN_USE',
    message: new RegExp(where),
  });
  await t.rejects(Listener.open({ host: '192.0.2.1', port: 0 }, options), {
    code: 'ERR_CONFIG',
    message: /192\.0\.2\.1:0/,
    cause: { code: 'EADDRNOTAVAIL' },
  });
  await t.rejects(Listener.open({ host: 'no.such.host.invalid', port: 0 }, options), {
    code: 'ERR_CONFIG',
    message: /no\.such\.host\.invalid:0/,
  });
});

t.test('says that a port below 1024 needs a capability', async (t) => {
  const cause = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
  const error = listenError(cause, { host: '0.0.0.0', port: 443 });
  t.match(error, { code: 'ERR_CONFIG', message: /0\.0\.0\.0:443.*CAP_NET_BIND_SERVICE/, cause });
});

t.test('says that a descriptor is none', async (t) => {
  const options = { onSocket: ignore, onError: ignore };
  await t.rejects(Listener.open({ fd: 4_000 }, options), { code: 'ERR_CONFIG', message: /descriptor 4000/ });
});

t.test('listens on a descriptor that was handed over', async (t) => {
  const parent = createServer();
  parent.listen(0, '127.0.0.1');
  await once(parent, 'listening');
  const { fd } = Reflect.get(parent, '_handle') as { fd: number };
  const source = `
    import { Listener } from ${JSON.stringify(new URL('../../tls/listener.ts', import.meta.url).href)};
    const onSocket = (socket) => socket.end('from the child');
    const listener = await Listener.open({ fd: 3 }, { onSocket, onError: console.error });
    console.log(JSON.stringify(listener.address));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit', fd],
  });
  t.teardown(() => child.kill());
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  const address = JSON.parse(line.toString()) as Listener['address'];
  t.same(address.port, (parent.address() as { port: number }).port);
  parent.close();
  await once(parent, 'close');
  const answer = await connect(address).toArray();
  t.equal(Buffer.concat(answer as Buffer[]).toString(), 'from the child');
});

t.test('close() stops listening at once and lets connections live', async (t) => {
  const sockets = new Arrivals<Socket>();
  const onSocket = (socket: Socket): void => {
    sockets.add(socket);
  };
  const listener = await Listener.open({ host: '127.0.0.1', port: 0 }, { onSocket, onError: ignore });
  const { address } = listener;
  const client = connect(address);
  const socket = await sockets.next();
  await listener.close();
  await listener.close();
  const refused = connect(address);
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  t.equal(error.code, 'ECONNREFUSED');
  socket.end('still here');
  client.end();
  t.equal(Buffer.concat((await client.toArray()) as Buffer[]).toString(), 'still here');
  t.equal(await listener.closed, 'closed');
});

t.test('destroy() ends the connections too', async (t) => {
  const sockets = new Arrivals<Socket>();
  const onSocket = (socket: Socket): void => {
    sockets.add(socket);
  };
  const listener = await Listener.open({ host: '127.0.0.1', port: 0 }, { onSocket, onError: ignore });
  const client = connect(listener.address);
  await sockets.next();
  await listener.close();
  listener.destroy('enough');
  listener.destroy('again');
  t.equal((await client.toArray()).length, 0);
  t.equal(await listener.closed, 'enough');
});

t.test('writes addresses as they are given', async (t) => {
  t.equal(formatListenAddress({ host: '0.0.0.0', port: 8443 }), '0.0.0.0:8443');
  t.equal(formatListenAddress({ host: '::', port: 443 }), '[::]:443');
});
