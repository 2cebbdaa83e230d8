import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Portholed } from './portholed.ts';
import type { TestScope } from './scope.ts';
import { visitorOptions } from './visitor.ts';

/** A visitor's WebSocket to a preview, open. */
export async function openWebSocket(t: TestScope, gateway: Portholed, host: string): Promise<WebSocket> {
  const { ca, servername, port } = visitorOptions(gateway, host);
  const options = { ca, servername, headers: { host } } as object;
  const socket = new WebSocket(`wss://127.0.0.1:${String(port)}/`, options);
  t.teardown(() => {
    socket.terminate();
  });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  return socket;
}

/** What an app that echoes answers. */
export async function echoOf(socket: WebSocket, text: string): Promise<string> {
  const answer = once(socket, 'message') as Promise<[Buffer]>;
  socket.send(text);
  return (await answer)[0].toString();
}
