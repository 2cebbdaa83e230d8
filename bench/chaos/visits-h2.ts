import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { readFileSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import { type Front, idHeader } from './jobs.ts';
import type { Ending } from './records.ts';
import { endingOf, hostOf, type Visit } from './visits.ts';

/** Visitors who speak HTTP/2 and, as browsers do, share one connection for all environments as long as it takes requests. */
export class Http2Visitors {
  readonly #front: Front;
  readonly #ca: Buffer;
  #session: ClientHttp2Session | undefined;

  constructor(front: Front) {
    this.#front = front;
    this.#ca = readFileSync(front.caFile);
  }

  /** A request that the gateway says it has not looked at is sent once more, as every browser does. */
  async visit(visit: Visit): Promise<Ending> {
    const first = await this.#try(visit);
    return first === 'not processed' ? { ...settled(await this.#try(visit)), sentTwice: true } : first;
  }

  close(): void {
    this.#session?.destroy();
  }

  #try(visit: Visit): Promise<Ending | 'not processed'> {
    const session = this.#usableSession(visit.env);
    const { promise, resolve } = Promise.withResolvers<Ending | 'not processed'>();
    const stream = session.request({
      ':method': visit.body === undefined ? 'GET' : 'POST',
      ':path': visit.path,
      ':authority': hostOf(visit.env, this.#front),
      [idHeader]: visit.id,
    });
    const timer = setTimeout(() => {
      resolve({ kind: 'hung' });
      stream.destroy();
    }, visit.deadlineMs);
    listen(stream, visit, resolve);
    stream.end(visit.body);
    return promise.finally(() => clearTimeout(timer));
  }

  #usableSession(env: string): ClientHttp2Session {
    const current = this.#session;
    if (current !== undefined && !current.closed && !current.destroyed) return current;
    const { port } = this.#front;
    const session = connect(`https://127.0.0.1:${port}`, {
      createConnection: () =>
        connectTls({
          ...{ host: '127.0.0.1', port, ca: this.#ca },
          ...{ servername: `${env}.localhost`, ALPNProtocols: ['h2'] },
        }),
    });
    const forget = (): void => {
      if (this.#session === session) this.#session = undefined;
    };
    session.on('error', forget);
    session.on('goaway', forget);
    session.on('close', forget);
    this.#session = session;
    return session;
  }
}

const settled = (ending: Ending | 'not processed'): Ending =>
  ending === 'not processed' ? { kind: 'broken', problem: 'not processed, twice' } : ending;

function listen(
  stream: ClientHttp2Stream,
  visit: Visit,
  resolve: (ending: Ending | 'not processed') => void,
): void {
  let [status, code, text] = [0, undefined as string | undefined, ''];
  let problem = 'closed without an answer';
  stream.on('response', (headers) => {
    status = headers[':status'] ?? 0;
    const told = headers['porthole-error'];
    code = typeof told === 'string' ? told : undefined;
  });
  stream.setEncoding('utf8').on('data', (part: string) => (text += part));
  stream.on('error', (error: NodeJS.ErrnoException) => (problem = error.code ?? error.message));
  stream.on('end', () => {
    if (status !== 0 && stream.rstCode === constants.NGHTTP2_NO_ERROR)
      resolve(endingOf(visit, { status, code, text }));
  });
  stream.on('close', () => {
    const unseen = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
    resolve(unseen ? 'not processed' : { kind: 'broken', problem: `${problem} (rst ${stream.rstCode})` });
  });
}
