// Long streams of visitors: slow downloads, uploads, server-sent events, WebSockets:
//   node streams.ts JOB.json
// Prints READY when all have begun. On SIGTERM those that still live leave, and it ends.
import { readFileSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { WebSocket } from 'ws';
import { bootMs } from '../clock.ts';
import { readJob, type StreamsJob } from '../jobs.ts';
import { RecordFile, type StreamRecord } from '../records.ts';
import { hostOf } from '../visits.ts';

const job = readJob() as StreamsJob;
const records = new RecordFile<StreamRecord>(job.out);
const leaving = new AbortController();

const echoMs = 250;
const uploadPartBytes = 16 * 1024;

const visitor: RequestOptions = {
  host: '127.0.0.1',
  port: job.front.port,
  ca: readFileSync(job.front.caFile),
  servername: `${job.env}.localhost`,
  headers: { host: hostOf(job.env, job.front) },
  agent: false,
};

/** One stream: when it began and was last alive, and, once, how it ended. */
class Stream {
  readonly begun = Promise.withResolvers<undefined>();
  readonly over = Promise.withResolvers<undefined>();
  readonly #kind: StreamRecord['kind'];
  readonly #startedMs = bootMs();
  #lastAliveMs = this.#startedMs;
  #ended = false;

  constructor(kind: StreamRecord['kind'], leave: () => void) {
    this.#kind = kind;
    leaving.signal.addEventListener('abort', () => {
      this.end('left', '');
      leave();
    });
  }

  alive(): void {
    this.#lastAliveMs = bootMs();
    this.begun.resolve(undefined);
  }

  end(ending: StreamRecord['ending'], detail: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const [kind, startedMs, lastAliveMs] = [this.#kind, this.#startedMs, this.#lastAliveMs];
    records.add({ kind, startedMs, lastAliveMs, endedMs: bootMs(), ending, detail });
    this.begun.resolve(undefined);
    this.over.resolve(undefined);
  }
}

function follow(outgoing: ClientRequest, stream: Stream, onEnd: (incoming: IncomingMessage) => void): void {
  outgoing.on('error', (error: NodeJS.ErrnoException) => stream.end('cut', error.code ?? error.message));
  outgoing.on('response', (incoming) => {
    incoming.on('error', (error: NodeJS.ErrnoException) => stream.end('cut', error.code ?? error.message));
    if (incoming.statusCode === 200) {
      onEnd(incoming);
      return;
    }
    stream.end('refused', `${incoming.statusCode} ${String(incoming.headers['porthole-error'])}`);
    incoming.resume();
  });
}

function download({ bytes, ms }: StreamsJob['downloads'][number]): Stream {
  const outgoing = request({ ...visitor, path: `/download?bytes=${bytes}&ms=${ms}` });
  const stream = new Stream('download', () => outgoing.destroy());
  follow(outgoing, stream, (incoming) => {
    let received = 0;
    incoming.on('data', (chunk: Buffer) => {
      received += chunk.length;
      stream.alive();
    });
    incoming.on('end', () =>
      stream.end(received === bytes ? 'whole' : 'cut', `${received} of ${bytes} bytes`),
    );
  });
  outgoing.end();
  return stream;
}

function events(): Stream {
  const outgoing = request({ ...visitor, path: '/events' });
  const stream = new Stream('events', () => outgoing.destroy());
  follow(outgoing, stream, (incoming) => {
    incoming.on('data', () => stream.alive());
    incoming.on('end', () => stream.end('ended', ''));
  });
  outgoing.end();
  return stream;
}

/** An upload that goes on until it is stopped. */
function upload(): Stream {
  const outgoing = request({ ...visitor, path: '/', method: 'POST' });
  const stream = new Stream('upload', () => outgoing.destroy());
  const timer = setInterval(() => outgoing.write(Buffer.alloc(uploadPartBytes), () => stream.alive()), 50);
  void stream.over.promise.then(() => clearInterval(timer));
  follow(outgoing, stream, () => stream.end('ended', 'answered before its end'));
  return stream;
}

function socket(): Stream {
  const { headers, ca, servername } = visitor;
  const webSocket = new WebSocket(`wss://127.0.0.1:${job.front.port}/socket`, {
    headers: headers as Record<string, string>,
    ...{ ca, servername, perMessageDeflate: false },
  });
  const stream = new Stream('socket', () => webSocket.terminate());
  const timer = setInterval(
    () => webSocket.readyState === WebSocket.OPEN && webSocket.send('still there?'),
    echoMs,
  );
  void stream.over.promise.then(() => clearInterval(timer));
  webSocket.on('message', () => stream.alive());
  webSocket.on('error', (error) => stream.end('cut', error.message));
  webSocket.on('close', (code) => stream.end('ended', `close code ${code}`));
  return stream;
}

const many = (count: number, make: () => Stream): Stream[] => Array.from({ length: count }, make);

const streams = [
  ...job.downloads.map(download),
  ...many(job.events, events),
  ...many(job.uploads, upload),
  ...many(job.sockets, socket),
];
// It stays until it is told to leave, though all have ended: who tells it does not know.
const staying = setInterval(() => {}, 60_000);
process.once('SIGTERM', () => {
  clearInterval(staying);
  leaving.abort();
});
await Promise.all(streams.map((stream) => stream.begun.promise));
console.log('READY');
