import type { IncomingMessage, ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';
import { startApp, type RecordingApp } from './recording-app.ts';
import type { TestScope } from './scope.ts';

export interface PreviewApp extends RecordingApp {
  /** WebSockets that are open. */
  readonly sockets: WebSocketServer;
}

/** What `/echo` tells. */
export interface Echo {
  readonly name: string;
  readonly method: string;
  readonly cookie: string | null;
  readonly authorization: string | null;
  readonly bytes: number;
}

/**
 * An app as people write them: pages, an API that lets every origin read it, events, a WebSocket, a service worker. It trusts whoever reaches it.
 */
export async function startPreviewApp(t: Pick<TestScope, 'teardown'>, name: string): Promise<PreviewApp> {
  const app = await startApp(t, name, (request, response) => {
    void answer(name, request, response);
  });
  const sockets = new WebSocketServer({ server: app.server });
  sockets.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      socket.send(`${name}: ${data.toString()}`);
    });
  });
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate();
  });
  return { ...app, sockets };
}

async function answer(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const bytes = await bytesOf(request);
  const { origin, cookie = null, authorization = null } = request.headers;
  if (origin !== undefined) {
    response.setHeader('Access-Control-Allow-Origin', origin).setHeader('Vary', 'Origin');
    response.setHeader('Access-Control-Allow-Credentials', 'true');
  }
  switch ((request.url ?? '/').split('?', 1)[0]) {
    case '/echo': {
      const echo = { name, method: request.method, cookie, authorization, bytes };
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(echo));
      break;
    }
    case '/events':
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(`data: ${name}\n\n`);
      break;
    case '/login':
      response.setHeader('Set-Cookie', `sid=${name}; Path=/`).end('logged in');
      break;
    case '/worker.js':
      response.setHeader('Content-Type', 'text/javascript').end(workerScript(name));
      break;
    case '/script.js':
      response.setHeader('Content-Type', 'text/javascript').end(`window.loaded = '${name}';`);
      break;
    default:
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.end(`<!doctype html><title>${name}</title><h1>${name}</h1>`);
  }
}

async function bytesOf(request: IncomingMessage): Promise<number> {
  let bytes = 0;
  try {
    for await (const chunk of request) bytes += (chunk as Buffer).length;
  } catch {
    // Broken off: what came counts.
  }
  return bytes;
}

/** A worker that answers every page itself. */
function workerScript(name: string): string {
  return `
    self.addEventListener('install', () => self.skipWaiting());
    self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
    self.addEventListener('fetch', (event) => {
      if (event.request.mode !== 'navigate' || event.request.url.includes('bypass')) return;
      const headers = { 'Content-Type': 'text/html' };
      event.respondWith(new Response('<title>worker of ${name}</title><h1>worker of ${name}</h1>', { headers }));
    });`;
}
