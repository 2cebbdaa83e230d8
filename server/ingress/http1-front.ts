import { createServer, ServerResponse } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorCode } from '../../core/errors.ts';
import type { Answer } from '../pages/answer.ts';
import type { Connection } from './connection.ts';
import { overflowOf, refusalCode, refuse } from './http1-refusal.ts';
import type { ClientError, Overflow } from './http1-refusal.ts';
import { Http1Visitor } from './http1-visitor.ts';
import type { Visitor } from './visitor.ts';

export interface Http1FrontOptions {
  readonly headerTimeoutMs: number;
  readonly maxHeaderBytes: number;
  readonly keepAliveMs: number;
  handle(visitor: Visitor): void;
  /** What a connection is told that never got to a request. Logs it. */
  refusal(code: ErrorCode, connection: Connection, overflow: Overflow): Answer;
}

/** Room beyond the limit, so that a head which is too large is still understood well enough to say in what. */
const overflowBytes = 32 * 1024;
const minCheckMs = 20;

/** HTTP/1.x in front: one server of Node's that never listens and is fed with connections. */
export class Http1Front {
  readonly #options: Http1FrontOptions;
  readonly #server: Server;
  readonly #connections = new Map<Socket, Connection>();
  #sweep: NodeJS.Timeout;

  constructor(options: Http1FrontOptions) {
    this.#options = options;
    this.#sweep = setInterval(() => this.#closeIdle(), sweepMs(options)).unref();
    this.#server = makeServer(options);
    const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
      this.#onRequest(request, response);
    this.#server
      .on('request', onRequest)
      .on('checkContinue', onRequest)
      .on('checkExpectation', onRequest)
      .on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
        this.#onBare(request, socket, head),
      )
      .on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) =>
        this.#onBare(request, socket, head),
      )
      .on('clientError', (error: ClientError, socket: Socket) => this.#onClientError(error, socket));
    // Without it, a server that does not listen enforces no timeouts and closes no connections (nodejs/node#48611).
    this.#server.emit('listening');
  }

  get connections(): number {
    return this.#connections.size;
  }

  accept(socket: Socket, connection: Connection): void {
    socket.on('error', () => {});
    if (socket.destroyed) return;
    this.#connections.set(socket, connection);
    socket.once('close', () => this.#connections.delete(socket));
    socket.setNoDelay(true);
    this.#server.emit('connection', socket);
  }

  /** Each connection gets one more answer at most; those that are quiet for `idleMs` from now on are closed. */
  close(idleMs: number): void {
    for (const connection of this.#connections.values()) connection.closing = true;
    const closeQuiet = (): void => {
      for (const [socket, connection] of this.#connections) {
        if (connection.isQuiet(idleMs, socket.bytesRead)) socket.destroySoon();
      }
    };
    closeQuiet();
    clearInterval(this.#sweep);
    this.#sweep = setInterval(closeQuiet, Math.max(minCheckMs, idleMs / 8)).unref();
  }

  destroy(): void {
    clearInterval(this.#sweep);
    this.#server.close();
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  #closeIdle(): void {
    const before = performance.now() - this.#options.keepAliveMs;
    for (const [socket, { open, quietSince }] of this.#connections) {
      if (open.size === 0 && quietSince < before) socket.destroySoon();
    }
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined || request.socket.writableEnded) {
      request.socket.destroy();
      return;
    }
    this.#options.handle(new Http1Visitor(request, response, connection));
  }

  /** Node gives the bare socket of an upgrade and of a CONNECT; the answer goes through a response all the same. */
  #onBare(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => {});
    const connection = this.#connections.get(socket);
    // Answers to earlier requests of a pipeline would get mixed with what follows.
    if (connection === undefined || connection.open.size > 0) {
      socket.destroy();
      return;
    }
    connection.closing = true;
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => {
      response.detachSocket(socket);
      process.nextTick(() => response.emit('close'));
      socket.on('data', () => {});
      socket.destroySoon();
    });
    socket.on('drain', () => {
      if (!response.writableEnded) response.emit('drain');
    });
    this.#options.handle(new Http1Visitor(request, response, connection, head));
    watchForEnd(socket, response);
  }

  #onClientError(error: ClientError, socket: Socket): void {
    const connection = this.#connections.get(socket);
    const code = refusalCode(error);
    // A connection that was opened ahead of time, as browsers do, and never used, is owed no answer.
    const unused = code === 'ERR_REQUEST_TIMEOUT' && socket.bytesRead === 0;
    const leftInBody = error.code === 'HPE_INVALID_EOF_STATE' && connection?.open.size !== 0;
    if (code === undefined || connection === undefined || unused || leftInBody) {
      socket.destroy();
      return;
    }
    if (connection.open.size === 0) {
      if (!connection.closing) refuse(socket, this.#options.refusal(code, connection, overflowOf(error)));
      connection.closing = true;
      return;
    }
    connection.closing = true;
    for (const visitor of connection.open) if (visitor instanceof Http1Visitor) visitor.broken(code);
  }
}

function makeServer(options: Http1FrontOptions): Server {
  const { headerTimeoutMs, maxHeaderBytes } = options;
  const server = createServer({
    headersTimeout: headerTimeoutMs,
    // A body may take as long as it moves; the exchange watches that.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.max(minCheckMs, Math.min(1000, Math.floor(headerTimeoutMs / 4))),
    // One sweep for all is cheaper than a timer for each.
    keepAliveTimeout: 0,
    maxHeaderSize: maxHeaderBytes + overflowBytes,
    insecureHTTPParser: false,
    requireHostHeader: false,
    optimizeEmptyRequests: true,
    shouldUpgradeCallback: ({ headers }) => !/(?:^|,)\s*(?:h2c|tls\/)/i.test(headers.upgrade ?? ''),
  });
  // Node's default drops those beyond 1000 without a word; the reader of heads refuses them.
  server.maxHeadersCount = 0;
  return server;
}

function sweepMs({ keepAliveMs }: Http1FrontOptions): number {
  return Math.max(minCheckMs, Math.min(5000, keepAliveMs / 4));
}

/** Nothing reads a bare socket while its upstream is asked; that the visitor left must be seen all the same. */
function watchForEnd(socket: Socket, response: ServerResponse): void {
  if (socket.destroyed || response.writableEnded) return;
  socket.once('end', () => {
    if (!response.writableEnded && response.socket === socket) socket.destroy();
  });
  socket.read(0);
}
