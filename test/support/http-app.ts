import { createHash } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { startApp, type RecordingApp } from './recording-app.ts';
import type { TestScope } from './scope.ts';

/** What `/file` is made of. */
export const fileBody = Buffer.from(Array.from({ length: 100_000 }, (_byte, index) => index % 251));

const routes: Readonly<Record<string, RequestListener>> = {
  '/file': serveFile,
  '/digest': digest,
  '/trailers': trailers,
  '/early-hints': (_request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
    response.end('hinted\n');
  },
};

export interface HttpApp extends RecordingApp {
  /** Sends one event to those who read `/events`. */
  say(text: string): void;
}

/** An app that uses all of HTTP: ranges, uploads, trailers, interim answers, server-sent events. */
export async function startHttpApp(t: Pick<TestScope, 'teardown'>): Promise<HttpApp> {
  const listeners = new Set<ServerResponse>();
  const answer: RequestListener = (request, response) => {
    const route = routes[(request.url ?? '').split('?', 1)[0] ?? ''];
    if (route !== undefined) route(request, response);
    else if (request.url === '/events') subscribe(response, listeners);
    else
      response.setHeader('Content-Type', 'text/plain').end(`${request.method ?? ''} ${request.url ?? ''}\n`);
  };
  const app = await startApp(t, 'http', answer);
  // Without a listener Node says 100 to every upload before the app has seen it.
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/too-large') {
      response.writeHead(413, { Connection: 'close' }).end('too large\n');
      return;
    }
    response.writeContinue();
    app.server.emit('request', request, response);
  });
  return {
    ...app,
    say: (text) => {
      for (const listener of listeners) listener.write(`data: ${text}\n\n`);
    },
  };
}

function serveFile(request: IncomingMessage, response: ServerResponse): void {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  response.setHeader('Accept-Ranges', 'bytes').setHeader('Content-Type', 'application/octet-stream');
  if (from === undefined || to === undefined) {
    response.setHeader('Content-Length', fileBody.length).end(fileBody);
    return;
  }
  response.statusCode = 206;
  response.setHeader('Content-Range', `bytes ${from}-${to}/${String(fileBody.length)}`);
  response.end(fileBody.subarray(Number(from), Number(to) + 1));
}

/** Tells how an upload arrived: its framing, its size and its SHA-256. */
function digest(request: IncomingMessage, response: ServerResponse): void {
  const hash = createHash('sha256');
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    hash.update(chunk);
  });
  request.on('end', () => {
    const { method, headers } = request;
    const framing = headers['transfer-encoding'] ?? 'length';
    response.end(JSON.stringify({ method, bytes, framing, sha256: hash.digest('hex') }));
  });
}

function trailers(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { Trailer: 'X-Checksum' });
  response.write('body\n');
  response.addTrailers({ 'X-Checksum': 'abc123' });
  response.end();
}

function subscribe(response: ServerResponse, listeners: Set<ServerResponse>): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  response.write(': welcome\n\n');
  listeners.add(response);
  response.on('close', () => listeners.delete(response));
}
