import { once } from 'node:events';
import t from 'tap';
import { dialIn } from '../../support/machine.ts';
import { startSshGateway } from '../../support/ssh-gateway.ts';

t.test('the peer is told why, in whole', async (t) => {
  for (const reason of ['the gateway is shutting down', 'grüße', '']) {
    const gateway = await startSshGateway(t);
    const machine = await dialIn(t, gateway.port);
    const told = new Promise<unknown[]>((resolve) => {
      const { _handlers } = machine.protocol;
      _handlers['DISCONNECT'] = (...words: unknown[]) => {
        resolve(words.slice(1));
      };
    });
    const [tunnel] = gateway.server.tunnels;
    tunnel?.close(reason);
    t.same(await told, [11, reason]);
    if (!machine.socket.closed) await once(machine.socket, 'close');
  }
});
