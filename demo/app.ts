import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';
import { page } from './page.ts';

/** The sample app of the demo: a page with a live clock (server-sent events), a WebSocket echo and an upload. Listens on loopback. */
export interface SampleApp {
  readonly port: number;
  close(): void;
}

const maxMessageBytes = 64 * 1024;

export function startSampleApp(): Promise<SampleApp> {
  const server = createServer(answer);
  const sockets = new WebSocketServer({ server, path: '/echo', maxPayload: maxMessageBytes });
  sockets.on('connection', (socket) => {
    socket.on('error', () => {
      socket.terminate();
    });
    socket.on('message', (data, isBinary) => {
      socket.send(data, { binary: isBinary });
    });
  });
  return listen(server, () => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
    server.closeAllConnections();
  });
}

function listen(server: Server, close: () => void): Promise<SampleApp> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({ port, close });
    });
  });
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = new URL(request.url ?? '/', 'http://app').pathname;
  if (path === '/') answerPage(request, response);
  else if (path === '/clock') streamClock(response);
  else if (path === '/upload') countUpload(request, response);
  else response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
}

function answerPage(request: IncomingMessage, response: ServerResponse): void {
  const seen = {
    host: request.headers.host ?? '',
    protocol: String(request.headers['x-forwarded-proto'] ?? 'http'),
    visitor: String(request.headers['x-forwarded-for'] ?? request.socket.remoteAddress ?? ''),
  };
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page(seen));
}

function streamClock(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const tick = (): void => {
    response.write(`data: ${new Date().toISOString()}\n\n`);
  };
  tick();
  const timer = setInterval(tick, 1000);
  response.on('close', () => {
    clearInterval(timer);
  });
}

function countUpload(request: IncomingMessage, response: ServerResponse): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('error', () => response.destroy());
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify({ bytes })}\n`);
  });
}
