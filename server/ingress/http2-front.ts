import { constants, createServer } from 'node:http2';
import type {
  Http2Server,
  Http2Session,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Connection } from './connection.ts';
import { sendOverflowToHttp1 } from './http2-overflow.ts';
import { Http2Visitor } from './http2-visitor.ts';
import type { Visitor } from './visitor.ts';

export interface Http2FrontOptions {
  readonly maxHeaderBytes: number;
  /** Without a stream, a session ends after that. */
  readonly keepAliveMs: number;
  handle(visitor: Visitor): void;
}

const maxStreams = 128;
/** For each stream; a stalled upload holds no more. */
const streamWindowBytes = 256 * 1024;
const sessionWindowBytes = 1024 * 1024;
/**
 * Room beyond the limit, so that a head which is too large is understood well enough to be answered: Node resets a stream with more without a word. It is
 * bounded by its frames (nine of them) and its fields before that.
 */
const overflowBytes = 512 * 1024;

/** PING and SETTINGS of one session within a second; each costs an answer. */
const maxControlFrames = 200;

const minCheckMs = 20;

/** HTTP/2 in front: one server of Node's that never listens and is fed with connections that have agreed on `h2`. */
export class Http2Front {
  readonly #options: Http2FrontOptions;
  readonly #server: Http2Server;
  readonly #sessions = new Map<Http2Session, Connection>();
  #accepting: Connection | undefined;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: Http2FrontOptions) {
    this.#options = options;
    this.#server = makeServer(options.maxHeaderBytes);
    this.#server
      .on('session', (session) => this.#onSession(session))
      .on('stream', (stream, headers, _flags, rawHeaders) => this.#onStream(stream, headers, rawHeaders))
      .on('sessionError', () => {});
  }

  get connections(): number {
    return this.#sessions.size;
  }

  accept(socket: Socket, connection: Connection): void {
    // HTTP/2 has no use for half of a connection, and on one that may be half-open Node does not notice that its peer has left.
    socket.on('error', () => {}).once('end', () => socket.destroy());
    if (socket.destroyed) return;
    socket.setNoDelay(true);
    // 'session' is emitted before `emit` returns.
    this.#accepting = connection;
    this.#server.emit('connection', socket);
    this.#accepting = undefined;
  }

  /**
   * GOAWAY: streams that run, or are on their way, go on; their clients open later ones elsewhere. Sessions that are quiet for `idleMs` from
   * now on are closed: not at once, so that neither the GOAWAY nor a stream that crosses it is lost.
   */
  close(idleMs: number): void {
    for (const [session, connection] of this.#sessions) {
      connection.closing = true;
      sayGoodbye(session);
    }
    const closeQuiet = (): void => {
      for (const [session, connection] of this.#sessions) {
        if (connection.isQuiet(idleMs, 0)) session.close();
      }
    };
    closeQuiet();
    this.#sweep = setInterval(closeQuiet, Math.max(minCheckMs, idleMs / 8)).unref();
  }

  destroy(): void {
    clearInterval(this.#sweep);
    for (const session of this.#sessions.keys()) session.destroy();
  }

  #onSession(session: ServerHttp2Session): void {
    const connection = this.#accepting;
    if (connection === undefined) {
      session.destroy();
      return;
    }
    this.#sessions.set(session, connection);
    sendOverflowToHttp1(session);
    session.once('close', () => this.#sessions.delete(session));
    session.setLocalWindowSize(sessionWindowBytes);
    session.setTimeout(this.#options.keepAliveMs);
    session.on('timeout', () => {
      if (connection.open.size === 0) session.close();
      else session.setTimeout(this.#options.keepAliveMs);
    });
    const guard = new RateGuard(maxControlFrames);
    const count = (): void => {
      if (!guard.allows()) session.destroy(new Error('flooded'), constants.NGHTTP2_ENHANCE_YOUR_CALM);
    };
    session.on('ping', count).on('remoteSettings', count);
  }

  #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: string[]): void {
    stream.on('error', () => {});
    const connection = stream.session === undefined ? undefined : this.#sessions.get(stream.session);
    if (connection === undefined || stream.destroyed) {
      stream.destroy();
      return;
    }
    // A session that came after the others were told gets its first stream answered.
    if (connection.closing && stream.id === 1) sayGoodbye(stream.session);
    this.#options.handle(new Http2Visitor(stream, { headers, rawHeaders }, connection));
  }
}

/**
 * RFC 9113, 6.8: the notice that a shutdown comes, after which streams that were on their way are still served. With the last stream as of now,
 * one that arrives before the frame is written would be served, and its client told that it was not, and send it again.
 */
const allStreams = 2 ** 31 - 1;

function sayGoodbye(session: Http2Session | undefined): void {
  if (session !== undefined && !session.closed && !session.destroyed)
    session.goaway(constants.NGHTTP2_NO_ERROR, allStreams);
}

/** Counts what happens within each second. */
class RateGuard {
  readonly #max: number;
  #since = 0;
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  allows(): boolean {
    const now = performance.now();
    if (now - this.#since > 1000) {
      this.#since = now;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count <= this.#max;
  }
}

/** The bounds hold what floods of frames, resets (CVE-2023-44487), pings and settings may cost. */
function makeServer(maxHeaderBytes: number): Http2Server {
  return createServer({
    maxHeaderListPairs: 300,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    maxOutstandingPings: 10,
    streamResetBurst: 500,
    streamResetRate: 50,
    settings: {
      maxConcurrentStreams: maxStreams,
      maxHeaderListSize: maxHeaderBytes + overflowBytes,
      initialWindowSize: streamWindowBytes,
      enablePush: false,
      enableConnectProtocol: false,
    },
  });
}
