// The apps of a run, one for each environment, each on a port of its own:
//   node app.ts JOB.json
// Prints READY when all listen. Each answers with the name of its environment, and notes every request that reaches it.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { type WebSocket, WebSocketServer } from 'ws';
import { type AppAnswer, type AppJob, idHeader, readJob } from '../jobs.ts';
import { RecordFile, type Sighting } from '../records.ts';

const eventMs = 250;
/** Parts of a slow download. */
const partMs = 50;

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;

/** Reads the whole body, thinks, and answers. */
function small(env: string, sightings: RecordFile<Sighting>): Handler {
  return async (request, response, url) => {
    const id = String(request.headers[idHeader] ?? '');
    if (id !== '') sightings.add({ id, env });
    let [received, crc] = [0, 0];
    for await (const chunk of request as AsyncIterable<Buffer>) {
      received += chunk.length;
      crc = crc32(chunk, crc);
    }
    await sleep(Number(url.searchParams.get('wait') ?? 0));
    const answer: AppAnswer = { env, id, received, crc };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer));
  };
}

/** Sends so many bytes, evenly over a time; as fast as it can when that is 0. */
const download: Handler = async (_request, response, url) => {
  const bytes = Number(url.searchParams.get('bytes'));
  const parts = Math.max(1, Math.floor(Number(url.searchParams.get('ms')) / partMs));
  response.setHeader('content-length', bytes);
  for (let part = 0; part < parts && !response.destroyed; part++) {
    const size = Math.floor((bytes * (part + 1)) / parts) - Math.floor((bytes * part) / parts);
    if (!response.write(Buffer.alloc(size, part)))
      await Promise.race([once(response, 'drain'), closed(response)]);
    if (part < parts - 1) await sleep(partMs);
  }
  response.end();
};

const closed = async (response: ServerResponse): Promise<void> => {
  if (!response.closed) await once(response, 'close');
};

/** Server-sent events until somebody leaves. */
const events: Handler = async (_request, response) => {
  response.setHeader('content-type', 'text/event-stream');
  for (let count = 0; !response.destroyed; count++) {
    response.write(`data: ${count}\n\n`);
    await sleep(eventMs);
  }
};

function answer(handlers: Readonly<Record<string, Handler>>) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://app');
    const handler = handlers[url.pathname] ?? handlers['/'];
    // A visitor or a tunnel that goes away in the middle is what this is all about.
    request.on('error', () => {});
    response.on('error', () => {});
    handler!(request, response, url).catch(() => response.destroy());
  };
}

function echo(socket: WebSocket): void {
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
}

async function startApp(
  env: string,
  port: number,
  host: string,
  sightings: RecordFile<Sighting>,
): Promise<void> {
  const server = createServer(
    answer({ '/': small(env, sightings), '/download': download, '/events': events }),
  );
  // Longer than any gateway keeps a channel: nothing here closes first.
  server.keepAliveTimeout = 0;
  new WebSocketServer({ server }).on('connection', echo);
  server.listen(port, host);
  await once(server, 'listening');
}

const job = readJob() as AppJob;
const sightings = new RecordFile<Sighting>(job.out);
for (const { env, port } of job.apps) await startApp(env, port, job.host, sightings);
console.log('READY');
