import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import t from 'tap';
import { LocalListener } from '../../../client/forward/local-listener.ts';

t.test('on the likely port if it is free, else on any; on a given one or not at all', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.teardown(() => void other.close());
  const { port: taken } = other.address() as AddressInfo;
  const host = '127.0.0.1';
  const any = await LocalListener.open({ host, port: undefined }, taken, () => undefined);
  if (!any.ok) throw new Error(any.problem);
  t.not(any.value.port, taken);
  t.equal(any.value.address, `127.0.0.1:${String(any.value.port)}`);
  const { port: free } = any.value;
  any.value.close();
  const likely = await LocalListener.open({ host, port: undefined }, free, () => undefined);
  t.equal(likely.ok && likely.value.port, free);
  if (likely.ok) likely.value.close();
  const low = await LocalListener.open({ host, port: undefined }, 80, () => undefined);
  t.not(low.ok && low.value.port, 80);
  if (low.ok) low.value.close();
  t.match(await LocalListener.open({ host, port: taken }, undefined, () => undefined), {
    ok: false,
    problem: /cannot listen/,
  });
});

t.test('its end is the end of what came by it', async (t) => {
  const listener = await LocalListener.open(
    { host: '127.0.0.1', port: 0 },
    undefined,
    (socket) => void socket.resume(),
  );
  if (!listener.ok) throw new Error(listener.problem);
  const socket = connect({ host: '127.0.0.1', port: listener.value.port });
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  const closed = new Promise((resolve) => void socket.once('close', resolve));
  socket.write('x');
  listener.value.close();
  await closed;
  t.ok(socket.destroyed);
});
