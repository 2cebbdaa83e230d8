import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PortholeError } from '../../core/errors.ts';
import { Latch, type Closable } from '../../core/lifecycle.ts';
import type { Log } from '../../core/log.ts';

export interface EndpointOptions {
  readonly host: string;
  readonly port: number;
  readonly contentType: string;
  /** The metrics in Prometheus' text format. */
  text(): Promise<string>;
  /** Whether the gateway takes new work. */
  ready(): boolean;
  /** Whether the gateway works at all. */
  alive(): boolean;
  /** For the head of a request, and for the end of running ones when it closes. */
  readonly headerTimeoutMs: number;
  readonly log: Log;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const maxHeaderBytes = 8 * 1024;
const maxConnections = 100;

/** The HTTP server of `metrics-listen`: `/metrics`, `/healthz`, `/readyz`, for scrapers and probes. */
export class MetricsEndpoint implements Closable {
  readonly #server: Server;
  readonly #graceMs: number;
  readonly #ended = new Latch<string>();
  #address: AddressInfo | undefined;
  #closing = false;
  #reason: string | undefined;

  /** Rejects with ERR_PORT_IN_USE, or ERR_CONFIG for any other reason that it cannot listen there. */
  static async open(options: EndpointOptions): Promise<MetricsEndpoint> {
    const endpoint = new MetricsEndpoint(options);
    await endpoint.#listen(options);
    return endpoint;
  }

  private constructor(options: EndpointOptions) {
    const { headerTimeoutMs } = options;
    const limits = {
      headersTimeout: headerTimeoutMs,
      requestTimeout: headerTimeoutMs,
      connectionsCheckingInterval: Math.max(10, Math.ceil(headerTimeoutMs / 4)),
      maxHeaderSize: maxHeaderBytes,
    };
    this.#graceMs = headerTimeoutMs;
    this.#server = createServer(limits, (request, response) => {
      const give = (given: Answer): void => send(request, response, { ...given, last: this.#closing });
      answer(request, options).then(give, (err: unknown) => {
        options.log.error({ err }, 'metrics failed');
        give(plain(500, 'failed'));
      });
    });
    this.#server.maxConnections = maxConnections;
    this.#server.on('close', () => this.#ended.settle(this.#reason ?? 'closed'));
  }

  /** Where it listens, or listened; the port is the one that the system gave if 0 was asked for. */
  get address(): AddressInfo {
    return this.#address as AddressInfo;
  }

  get closed(): Promise<string> {
    return this.#ended.promise;
  }

  async close(): Promise<void> {
    this.#stopListening();
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), this.#graceMs);
    await this.closed;
    clearTimeout(timer);
  }

  destroy(reason: string): void {
    this.#reason ??= reason;
    this.#stopListening();
    this.#server.closeAllConnections();
  }

  #stopListening(): void {
    this.#closing = true;
    this.#server.close();
  }

  #listen({ host, port, log }: EndpointOptions): Promise<void> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) => {
        const code = cause.code === 'EADDRINUSE' ? 'ERR_PORT_IN_USE' : 'ERR_CONFIG';
        reject(new PortholeError(code, { cause, message: `metrics-listen: ${cause.message}` }));
      });
      server.listen({ host, port }, () => {
        server.removeAllListeners('error');
        server.on('error', (err) => log.error({ err }, 'metrics endpoint'));
        this.#address = server.address() as AddressInfo;
        resolve();
      });
    });
  }
}

async function answer(request: IncomingMessage, options: EndpointOptions): Promise<Answer> {
  const [path] = (request.url ?? '').split('?', 1);
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'only GET and HEAD');
  switch (path) {
    case '/metrics':
      return { status: 200, type: options.contentType, body: await options.text() };
    case '/healthz':
      return options.alive() ? plain(200, 'ok') : plain(503, 'failed');
    case '/readyz':
      return options.ready() ? plain(200, 'ready') : plain(503, 'not ready');
    default:
      return plain(404, 'not found: there are /metrics, /healthz and /readyz');
  }
}

function plain(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, type, body, last }: Answer & { last: boolean },
): void {
  // Nobody reads a body that came with the request; the connection ends so that it is no next request.
  const { 'transfer-encoding': encoding, 'content-length': length } = request.headers;
  const hasBody = encoding !== undefined || Number(length ?? 0) > 0;
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
    ...(hasBody || last ? { connection: 'close' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
