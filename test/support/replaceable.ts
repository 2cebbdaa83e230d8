import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { startPublicGateway } from './dial.ts';
import type { GatewayWithKey } from './gateway-with-key.ts';
import { Portholed } from './portholed.ts';
import type { TestScope } from './scope.ts';

export interface Replaceable extends GatewayWithKey {
  /** The port of an app: `/stream` begins an answer of events, `/slow` one that waits; WebSockets echo; the rest tells method and length. */
  readonly appPort: number;
  /** The answers that have begun. */
  readonly open: ServerResponse[];
  /** Starts another process on the same state directory. */
  readonly successor: (args?: readonly string[]) => Portholed;
}

/** A gateway of which another process can take the place, and an app for the far end of its tunnels. */
export async function startReplaceable(t: TestScope, args: readonly string[] = []): Promise<Replaceable> {
  const open: ServerResponse[] = [];
  const app = createServer((incoming, response) => {
    incoming.on('error', () => undefined);
    response.on('error', () => undefined);
    if (incoming.url === '/stream' || incoming.url === '/slow') {
      if (incoming.url === '/stream') response.setHeader('content-type', 'text/event-stream');
      response.write('begun\n');
      open.push(response);
      return;
    }
    let length = 0;
    incoming.on('data', (chunk: Buffer) => (length += chunk.length));
    incoming.on('end', () => response.end(`${incoming.method ?? ''} ${String(length)}`));
  });
  const sockets = new WebSocketServer({ server: app });
  sockets.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      socket.send(data.toString());
    });
  });
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate();
    app.closeAllConnections();
    app.close();
  });
  const keyed = await startPublicGateway(t, args);
  const successor = (more: readonly string[] = ['--replace']): Portholed => {
    const same = [
      '--authorized-keys',
      keyed.keysFile,
      '--access',
      'public',
      '--metrics-listen',
      '127.0.0.1:0',
    ];
    const gateway = Portholed.spawn(t, [...same, '--state-dir', keyed.gateway.stateDir, ...args, ...more]);
    t.teardown(() => {
      if (!t.passing())
        t.comment(gateway.lines.map((line) => JSON.stringify(line)).join('\n'), gateway.stderr);
    });
    return gateway;
  };
  return { ...keyed, appPort: (app.address() as AddressInfo).port, open, successor };
}
