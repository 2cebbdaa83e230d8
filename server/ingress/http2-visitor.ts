import { constants } from 'node:http2';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Connection } from './connection.ts';
import { http2Headers, withoutPseudo } from './http2-headers.ts';
import type { RawRequest } from './request-head.ts';
import type { Visitor, VisitorListener } from './visitor.ts';

const bodylessStatus = new Set([204, 205, 304]);

/** One request of HTTP/2: a stream of a session. */
export class Http2Visitor implements Visitor {
  readonly connection: Connection;
  readonly request: RawRequest;
  readonly bare = false;
  readonly #stream: ServerHttp2Stream;
  #listener: VisitorListener | undefined;
  #rawTrailers: readonly string[] = [];
  #trailersOut: readonly string[] = [];
  #bodyRead: boolean;
  #readsBody = false;
  #ended = false;
  #closed = false;

  constructor(
    stream: ServerHttp2Stream,
    head: { readonly headers: IncomingHttpHeaders; readonly rawHeaders: readonly string[] },
    connection: Connection,
  ) {
    const { headers, rawHeaders } = head;
    this.#stream = stream;
    this.#bodyRead = stream.endAfterHeaders;
    this.connection = connection;
    this.request = {
      method: headers[':method'] ?? '',
      target: headers[':path'] ?? '',
      rawHeaders: withoutPseudo(rawHeaders),
      version: '2',
      authority: headers[':authority'],
      hasBody: !stream.endAfterHeaders,
    };
  }

  get bodyRead(): boolean {
    return this.#bodyRead;
  }

  attach(listener: VisitorListener): void {
    this.#listener = listener;
    this.connection.open.add(this);
    this.#stream
      .on('error', () => {})
      // They may come before anybody reads the body.
      .on('trailers', (_headers: unknown, _flags: number, rawTrailers: string[]) => {
        this.#rawTrailers = rawTrailers;
      })
      .on('drain', () => {
        if (!this.#closed) listener.onVisitorDrain();
      })
      .on('aborted', () => this.#onClose(false))
      .on('close', () => this.#onClose(this.#ended && this.#stream.rstCode === constants.NGHTTP2_NO_ERROR));
  }

  readBody(): void {
    this.#readsBody = true;
    this.#stream
      .on('data', (chunk: Buffer) => {
        if (!this.#closed) this.#listener?.onBody(chunk);
      })
      .on('end', () => {
        this.#bodyRead = true;
        if (!this.#closed && !this.#stream.aborted) this.#listener?.onBodyEnd(this.#rawTrailers);
      });
  }

  pauseBody(): void {
    this.#stream.pause();
  }

  resumeBody(): void {
    this.#stream.resume();
  }

  inform(status: number, headers: readonly string[]): void {
    if (this.#isGone() || this.#stream.headersSent) return;
    this.#stream.additionalHeaders({ ...http2Headers(headers), ':status': status });
  }

  respond(status: number, _message: string, headers: string[]): void {
    if (this.#isGone()) return;
    const bodyless = this.request.method === 'HEAD' || bodylessStatus.has(status);
    const fields = http2Headers(headers);
    // With a known length there is nothing that trailers could add.
    const waitForTrailers = !bodyless && fields['content-length'] === undefined;
    if (waitForTrailers) {
      this.#stream.on('wantTrailers', () => {
        if (!this.#isGone()) this.#stream.sendTrailers(http2Headers(this.#trailersOut));
      });
    }
    this.#stream.respond({ ...fields, ':status': status }, { waitForTrailers, endStream: bodyless });
  }

  flushHead(): void {
    // A frame of its own, it is on its way.
  }

  write(chunk: Buffer): boolean {
    return this.#isGone() || this.#stream.write(chunk);
  }

  end(chunk: Buffer | undefined, trailers: readonly string[]): void {
    this.#ended = true;
    if (this.#isGone()) return;
    this.#trailersOut = trailers;
    if (chunk === undefined) this.#stream.end();
    else this.#stream.end(chunk);
    if (!this.#bodyRead) this.#leaveBody();
  }

  abort(): void {
    // Unlike `close`, which would end the body cleanly first. Node makes it RST_STREAM with INTERNAL_ERROR.
    if (!this.#isGone()) this.#stream.destroy(new Error('the answer was broken off'));
  }

  takeSocket(): undefined {
    return undefined;
  }

  /** The answer is complete before the request: the visitor may stop sending (RFC 9113, 8.1). */
  #leaveBody(): void {
    this.#stream.removeAllListeners('data');
    const close = (): void => this.#stream.close(constants.NGHTTP2_NO_ERROR);
    if (this.#stream.writableFinished) close();
    else this.#stream.once('finish', close);
    if (this.#readsBody) this.#stream.resume();
  }

  #isGone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  #onClose(complete: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.connection.open.delete(this);
    this.connection.quietSince = performance.now();
    this.#listener?.onVisitorClose(complete);
  }
}
