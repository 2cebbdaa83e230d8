import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PortholeError } from '../../core/errors.ts';
import { Latch, type Closable } from '../../core/lifecycle.ts';
import { listenOn, type ListenTarget, type Sharing } from '../../core/listen.ts';
import type { Log } from '../../core/log.ts';

export interface EndpointOptions {
  /** Shared with nobody, if not said otherwise. */
  readonly listen: ListenTarget & { readonly sharing?: Sharing };
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
  #host = '';
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

  /** What a successor needs to listen on the same address. */
  get taken(): { readonly host: string; readonly port: number } {
    return { host: this.#host, port: this.address.port };
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

  async #listen({ listen: { sharing = 'alone', ...target }, log }: EndpointOptions): Promise<void> {
    try {
      await listenOn(this.#server, target, sharing);
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      const own = code === 'EADDRINUSE' ? 'ERR_PORT_IN_USE' : 'ERR_CONFIG';
      throw new PortholeError(own, { cause, message: `metrics-listen: ${message}` });
    }
    this.#server.on('error', (err) => log.error({ err }, 'metrics endpoint'));
    this.#address = this.#server.address() as AddressInfo;
    this.#host = 'host' in target ? target.host : this.#address.address;
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
