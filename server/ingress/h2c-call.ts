import { constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { Call, CallFailure, CallListener, CallRequest } from './call.ts';
import { http2Headers, withoutPseudo } from './http2-headers.ts';

/** One HTTP/2 stream to an upstream. */
export class H2cCall implements Call {
  readonly #request: CallRequest;
  readonly #listener: CallListener;
  readonly #onOver: () => void;
  #stream: ClientHttp2Stream | undefined;
  #answered = false;
  /** The answer has come to its end, and was not reset. */
  #ended = false;
  #over = false;
  #trailers: readonly string[] = [];
  #rawTrailers: readonly string[] = [];
  reused = false;

  constructor(request: CallRequest, listener: CallListener, onOver: () => void) {
    this.#request = request;
    this.#listener = listener;
    this.#onOver = onOver;
  }

  get started(): boolean {
    return this.#stream !== undefined;
  }

  start(session: ClientHttp2Session, reused: boolean): void {
    this.reused = reused;
    const { method, path, hasBody } = this.#request;
    const { host, ...headers } = http2Headers(this.#request.headers);
    if (this.#request.headers.includes('TE')) headers.te = 'trailers';
    const pseudo = { ':method': method, ':path': path, ':scheme': 'http', ':authority': String(host) };
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(
        { ...pseudo, ...headers },
        { endStream: !hasBody, waitForTrailers: hasBody && headers['content-length'] === undefined },
      );
    } catch (cause) {
      // Not before the caller has it.
      queueMicrotask(() => this.fail({ kind: 'not-processed', cause }));
      return;
    }
    this.#stream = stream;
    this.#listen(stream);
    if (hasBody) queueMicrotask(() => this.#tell(() => this.#listener.onSent()));
  }

  write(chunk: Buffer): boolean {
    return this.#stream?.write(chunk) ?? false;
  }

  end(trailers: readonly string[]): void {
    this.#trailers = trailers;
    this.#stream?.end();
  }

  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  keepFor(): void {
    // HTTP/2 has no such hint.
  }

  destroy(): void {
    if (this.#finish()) this.#breakOff();
  }

  fail(failure: CallFailure): void {
    if (!this.#finish()) return;
    this.#breakOff();
    this.#listener.onFailure(failure);
  }

  /** Unlike `close`, which would end the body cleanly first: half an upload must not look like a whole one. */
  #breakOff(): void {
    this.#stream?.destroy(new Error('the request was broken off'));
  }

  #listen(stream: ClientHttp2Stream): void {
    let cause: unknown;
    stream
      .on('headers', (headers, _flags, raw) => this.#onInformation(headers, raw))
      .on('response', (headers, _flags, raw) => this.#onResponse(stream, headers, raw))
      .on('trailers', (_headers, _flags, raw: string[] = []) => {
        this.#rawTrailers = withoutPseudo(raw);
      })
      .on('wantTrailers', () => this.#tell(() => stream.sendTrailers(http2Headers(this.#trailers))))
      .on('end', () => {
        this.#ended = stream.rstCode === constants.NGHTTP2_NO_ERROR;
        this.#settleEnd(stream);
      })
      .on('drain', () => this.#tell(() => this.#listener.onCallDrain()))
      .on('error', (error) => {
        cause = error;
      })
      .on('close', () => this.fail(this.#failureOf(stream, cause)));
  }

  #tell(event: () => void): void {
    if (!this.#over) event();
  }

  #onInformation(headers: IncomingHttpHeaders, raw: string[] = []): void {
    const status = Number(headers[':status']);
    this.#tell(() => this.#listener.onInformation(status, withoutPseudo(raw)));
  }

  #onResponse(stream: ClientHttp2Stream, headers: IncomingHttpHeaders, raw: string[] = []): void {
    this.#answered = true;
    const status = Number(headers[':status']);
    this.#tell(() => this.#listener.onHead(status, '', withoutPseudo(raw)));
    // Not before: Node tells of the head a turn later than of the body, and even the end, that came with it.
    stream.on('data', (chunk: Buffer) => this.#tell(() => this.#listener.onData(chunk)));
    this.#settleEnd(stream);
  }

  #settleEnd(stream: ClientHttp2Stream): void {
    if (!this.#ended || !this.#answered || !this.#finish()) return;
    this.#listener.onEnd(this.#rawTrailers);
    if (!stream.writableEnded) this.#breakOff();
  }

  /** Whether this was its end. */
  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#onOver();
    return true;
  }

  #failureOf(stream: ClientHttp2Stream, cause: unknown): CallFailure {
    if (this.#answered) return { kind: 'truncated' };
    if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) return { kind: 'not-processed', cause };
    return isProtocolError(cause) ? { kind: 'nonsense', cause } : { kind: 'closed', reused: this.reused };
  }
}

/** The others are the channel's: it was reset, or its tunnel is gone. */
function isProtocolError(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && String(cause.code).startsWith('ERR_HTTP2');
}
