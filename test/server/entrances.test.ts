import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import t from 'tap';
import { silentLog } from '../../core/log.ts';
import { Entrances } from '../../server/entrances.ts';
import type { Demuxer } from '../../tls/demuxer.ts';

const nowhere = { shared: [], ssh: [], http: [] };
const loopback = { host: '127.0.0.1', port: 0 };

function open(test: { teardown(action: () => void): void }): Entrances {
  const entrances = new Entrances(silentLog());
  test.teardown(() => {
    entrances.destroy('test over');
  });
  return entrances;
}

t.test(
  'what connects before the gateway is ready waits for it, and is told apart by its entrance',
  async (t) => {
    const entrances = open(t);
    await entrances.listen({ shared: [loopback], ssh: [loopback], http: [] });
    const early = connect(entrances.port('any') ?? 0, '127.0.0.1');
    t.teardown(() => early.destroy());
    await once(early, 'connect');
    const accepted: string[] = [];
    const arrival = new Promise<void>((resolve) => {
      const accept = (socket: Socket, expected: string): void => {
        accepted.push(expected);
        socket.destroy();
        if (accepted.length === 2) resolve();
      };
      setImmediate(() => {
        entrances.open({ accept } as unknown as Demuxer);
        const late = connect(entrances.port('ssh') ?? 0, '127.0.0.1');
        late.on('error', () => undefined);
        t.teardown(() => late.destroy());
      });
    });
    await arrival;
    t.same(accepted.sort(), ['any', 'ssh']);
  },
);

t.test('addresses carry the ports that the system chose', async (t) => {
  const entrances = open(t);
  await entrances.listen({ ...nowhere, http: [loopback, loopback] });
  t.equal(entrances.addresses('http').length, 2);
  for (const address of entrances.addresses('http')) t.match(address, /^127\.0\.0\.1:[1-9]\d+$/);
  t.same(entrances.addresses('any'), []);
  t.equal(entrances.port('any'), undefined);
});

t.test('a port in use is told', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.teardown(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await t.rejects(open(t).listen({ ...nowhere, shared: [{ host: '127.0.0.1', port }] }), {
    code: 'ERR_PORT_IN_USE',
  });
});

t.test('closed entrances take nobody in', async (t) => {
  const entrances = open(t);
  await entrances.listen({ ...nowhere, shared: [loopback] });
  const port = entrances.port('any') ?? 0;
  await entrances.close();
  const late = connect(port, '127.0.0.1');
  const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
  t.equal(error.code, 'ECONNREFUSED');
});

t.test('a successor joins the addresses of its predecessor, and takes over what connects', async (t) => {
  const first = open(t);
  await first.listen({ ...nowhere, shared: [{ ...loopback, sharing: 'first' }] });
  const taken = first.taken('any').map((place) => ({ ...place, sharing: 'join' as const }));
  t.same(taken, [{ host: '127.0.0.1', port: first.port('any'), sharing: 'join' }]);
  const second = open(t);
  await second.listen({ shared: [...taken, { ...loopback, sharing: 'first' }], ssh: [], http: [] });
  t.equal(second.port('any'), first.port('any'), 'in the order that was asked for');
  await first.closeAfterLast();
  const socket = connect(second.port('any') ?? 0, '127.0.0.1');
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
});

t.test('a successor that cannot have one of its addresses has taken no connection', async (t) => {
  const first = open(t);
  await first.listen({ ...nowhere, shared: [{ ...loopback, sharing: 'first' }] });
  const other = open(t);
  await other.listen({ ...nowhere, ssh: [loopback] });
  const second = open(t);
  const inUse = { host: '127.0.0.1', port: other.port('ssh') ?? 0, sharing: 'first' as const };
  const joined = { host: '127.0.0.1', port: first.port('any') ?? 0, sharing: 'join' as const };
  await t.rejects(second.listen({ shared: [joined], ssh: [inUse], http: [] }), { code: 'ERR_PORT_IN_USE' });
  t.same(second.addresses('any'), [], 'it never listened there');
});
