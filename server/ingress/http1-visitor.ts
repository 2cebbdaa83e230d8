import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { abort } from '../../core/abort.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { Connection } from './connection.ts';
import { lingerOnEnd } from './linger.ts';
import type { RawRequest } from './request-head.ts';
import type { Visitor, VisitorListener } from './visitor.ts';

/** What is read of a request that is answered already, to keep its connection. */
const maxDiscardedBytes = 64 * 1024;

const maxJoinedBytes = 4096;

/** One request of HTTP/1.x. */
export class Http1Visitor implements Visitor {
  readonly connection: Connection;
  readonly request: RawRequest;
  readonly #incoming: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  /** What followed the head of a request to upgrade. */
  readonly #upgradeHead: Buffer | undefined;
  #listener: VisitorListener | undefined;
  #closed = false;
  #waitsForDrain = false;

  constructor(
    incoming: IncomingMessage,
    response: ServerResponse,
    connection: Connection,
    upgradeHead?: Buffer,
  ) {
    this.#incoming = incoming;
    this.#response = response;
    // The message forgets it when it is over.
    this.#socket = incoming.socket;
    this.connection = connection;
    this.#upgradeHead = upgradeHead;
    this.request = {
      method: incoming.method ?? '',
      target: incoming.url ?? '',
      rawHeaders: incoming.rawHeaders,
      version: versionOf(incoming),
      authority: undefined,
      hasBody: false,
    };
  }

  get bare(): boolean {
    return this.#upgradeHead !== undefined;
  }

  get bodyRead(): boolean {
    return this.#incoming.complete || this.bare;
  }

  attach(listener: VisitorListener): void {
    this.#listener = listener;
    this.connection.open.add(this);
    this.#response.on('close', () => this.#onClose());
  }

  /** The connection cannot be read any further. */
  broken(code: ErrorCode): void {
    if (!this.#closed) this.#listener?.onVisitorBroken(code);
  }

  readBody(): void {
    this.#incoming
      .on('data', (chunk: Buffer) => {
        if (!this.#closed) this.#listener?.onBody(chunk);
      })
      .on('end', () => {
        if (!this.#closed && this.#incoming.complete) this.#listener?.onBodyEnd(this.#incoming.rawTrailers);
      })
      .on('error', () => {});
  }

  pauseBody(): void {
    this.#incoming.pause();
  }

  resumeBody(): void {
    this.#incoming.resume();
  }

  inform(status: number, headers: readonly string[]): void {
    const response = this.#response;
    // HTTP/1.0 has no 1xx; one behind others in a pipeline would come before their answers.
    if (this.request.version === '1.0' || response.headersSent || response.socket === null) return;
    if (status === 100) response.writeContinue();
    else response.socket.write(informationalHead(status, headers), 'latin1');
  }

  respond(status: number, message: string, headers: string[]): void {
    const response = this.#response;
    if (this.connection.closing) response.shouldKeepAlive = false;
    // The visitor need not send the rest of what will not be read.
    if (status >= 400 && this.#bodyIsLong()) response.shouldKeepAlive = false;
    response.writeHead(status, message === '' ? (STATUS_CODES[status] ?? '') : message, headers);
  }

  flushHead(): void {
    if (!this.#closed) this.#response.flushHeaders();
  }

  write(chunk: Buffer): boolean {
    const more = this.#response.write(chunk);
    if (!more && !this.#waitsForDrain) {
      this.#waitsForDrain = true;
      this.#response.once('drain', () => {
        this.#waitsForDrain = false;
        if (!this.#closed) this.#listener?.onVisitorDrain();
      });
    }
    return more;
  }

  end(chunk: Buffer | undefined, trailers: readonly string[]): void {
    if (!this.bodyRead) this.#leaveBody();
    if (trailers.length > 0 && this.#response.chunkedEncoding) this.#response.addTrailers(pairs(trailers));
    if (chunk === undefined) this.#response.end();
    else if (chunk.length > maxJoinedBytes) this.#response.end(chunk);
    // As a string it goes out joined to the head, in one piece: cheaper than two pieces as long as it is short.
    else this.#response.end(chunk.toString('latin1'), 'latin1');
  }

  abort(): void {
    if (this.#closed) return;
    // Without a length, only a reset tells the visitor that something is missing.
    abort(this.#socket);
  }

  takeSocket(): Socket | undefined {
    if (this.#upgradeHead === undefined || this.#closed) return undefined;
    const socket = this.#socket;
    this.#response.detachSocket(socket);
    if (this.#upgradeHead.length > 0) socket.unshift(this.#upgradeHead);
    // It stays among what is open: a connection that carries an upgrade is not idle.
    socket.once('close', () => this.connection.open.delete(this));
    return socket;
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.connection.open.delete(this);
    this.connection.quietSince = performance.now();
    this.#listener?.onVisitorClose(this.#response.writableFinished);
  }

  /** The answer is complete before the request: the rest is discarded; if it may be long, the connection ends soon. */
  #leaveBody(): void {
    if (this.#bodyIsLong()) {
      this.connection.closing = true;
      lingerOnEnd(this.#socket, this.#response);
    }
    this.#incoming.removeAllListeners('data');
    this.#incoming.on('error', () => {}).resume();
  }

  #bodyIsLong(): boolean {
    if (this.bodyRead) return false;
    const { headers } = this.#incoming;
    const length = headers['content-length'];
    if (length === undefined) return headers['transfer-encoding'] !== undefined;
    return Number(length) > maxDiscardedBytes;
  }
}

function versionOf({ httpVersion }: IncomingMessage): RawRequest['version'] {
  return httpVersion === '1.1' || httpVersion === '1.0' ? httpVersion : 'unknown';
}

function informationalHead(status: number, headers: readonly string[]): string {
  let head = `HTTP/1.1 ${status} ${status === 103 ? 'Early Hints' : 'Information'}\r\n`;
  for (let i = 0; i + 1 < headers.length; i += 2) head += `${headers[i] ?? ''}: ${headers[i + 1] ?? ''}\r\n`;
  return `${head}\r\n`;
}

function pairs(list: readonly string[]): [string, string][] {
  const result: [string, string][] = [];
  for (let i = 0; i + 1 < list.length; i += 2) result.push([list[i] ?? '', list[i + 1] ?? '']);
  return result;
}
