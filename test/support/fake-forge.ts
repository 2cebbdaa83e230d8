import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestScope } from './scope.ts';

/** What a forge answers for `/USER.keys`: keys, a status, or whatever a function does. */
export type ForgeAnswer = readonly string[] | number | ((response: ServerResponse) => void);

/** A server that lists the keys of its users at `/USER.keys`, as GitHub and GitLab do. */
export interface FakeForge {
  /** `http://127.0.0.1:PORT`, or `https://localhost:PORT`. */
  readonly root: string;
  /** The users and what is answered for them; the others are unknown. */
  readonly users: Map<string, ForgeAnswer>;
  /** The paths that were asked for. */
  readonly asked: readonly string[];
}

/** Starts one on this machine; over TLS where there is a certificate. */
export async function fakeForge(
  scope: Pick<TestScope, 'teardown'>,
  tls?: { cert: string; key: string },
): Promise<FakeForge> {
  const users = new Map<string, ForgeAnswer>();
  const asked: string[] = [];
  const server: Server = tls === undefined ? createServer() : createTlsServer(tls);
  server.on('request', (request, response: ServerResponse) => {
    const path = request.url ?? '';
    asked.push(path);
    answer(response, users.get(/^\/(.*)\.keys$/.exec(path)?.[1] ?? '') ?? 404);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const root = tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
  return { root, users, asked };
}

function answer(response: ServerResponse, what: ForgeAnswer): void {
  if (typeof what === 'function') {
    what(response);
    return;
  }
  if (typeof what === 'number') {
    response.writeHead(what, { 'content-type': 'text/plain' }).end('Not Found');
    return;
  }
  const text = what.map((line) => `${line}\n`).join('');
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}
