import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestScope } from './scope.ts';

export interface WebApp {
  readonly server: Server;
  readonly port: number;
}

/** An app on this machine that speaks HTTP, for the far end of a tunnel. */
export async function startApp(
  t: Pick<TestScope, 'teardown'>,
  answer: RequestListener,
  host = '127.0.0.1',
  port = 0,
): Promise<WebApp> {
  const server = createServer((request, response) => {
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    answer(request, response);
  });
  server.listen(port, host);
  await once(server, 'listening');
  t.teardown(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** An app that answers every request with one text. */
export function startTextApp(
  t: Pick<TestScope, 'teardown'>,
  text: string,
  host?: string,
  port?: number,
): Promise<WebApp> {
  return startApp(
    t,
    (request, response) => {
      request.resume();
      response.end(text);
    },
    host,
    port,
  );
}
