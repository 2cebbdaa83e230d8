import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { FakeForward } from './fake-forward.ts';
import { startGateway } from './gateway.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { listen, rawUpstream } from './sockets.ts';
import type { Teardown } from './sockets.ts';

/** The host that the gateways here serve. */
export const host = 'web--pr-1.preview.test';
/** The beginning of a request for it. */
export const head = `GET / HTTP/1.1\r\nHost: ${host}\r\n`;

export type Relaying = Gateway & { forward: FakeForward };

/** A gateway with one forward, to an HTTP server. */
export async function withUpstream(
  t: Teardown,
  handler: RequestListener,
  options: GatewayOptions = {},
): Promise<Relaying> {
  const server = createServer(handler);
  server.on('checkContinue', handler);
  return withPort(t, await listen(t, server), options);
}

/** The same, to a port of this machine. */
export async function withPort(t: Teardown, port: number, options: GatewayOptions = {}): Promise<Relaying> {
  const gateway = await startGateway(t, options);
  const forward = new FakeForward(port);
  gateway.router.serve('web--pr-1', forward);
  return { ...gateway, forward };
}

/** The same, to an upstream that says these bytes to each request; `after` then does something to it. */
export async function withBytes(
  t: Teardown,
  bytes: string,
  after: (socket: Socket) => void = () => {},
): Promise<Relaying> {
  const port = await rawUpstream(t, (socket) => {
    socket.on('data', () => {
      socket.write(bytes, 'latin1', () => after(socket));
    });
  });
  return withPort(t, port);
}
