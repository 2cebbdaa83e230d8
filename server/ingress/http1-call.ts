import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, InformationEvent } from 'node:http';
import type { Duplex } from 'node:stream';
import { ChannelOpenError } from '../tunnel/forward.ts';
import type { Call, CallFailure, CallListener, CallRequest, Upstream } from './call.ts';
import type { ChannelAgent, ChannelRequestOptions } from './channel-agent.ts';
import { TlsHandshakeError } from './tls-channel.ts';

/** How long a channel may have been idle for a request that may be repeated; the pool's own bound is shorter. */
const anyIdleMs = 60_000;
/** For one that must not be repeated, a stale channel is an error to the visitor. */
const freshIdleMs = 1000;
/** For the head of an answer; applications set more cookies than browsers send. */
const maxHeaderSize = 64 * 1024;

/** An upstream that speaks HTTP/1.1, on pooled channels. */
export class Http1Upstream implements Upstream {
  readonly #agent: ChannelAgent;

  constructor(agent: ChannelAgent) {
    this.#agent = agent;
  }

  call(request: CallRequest, listener: CallListener): Call {
    return new Http1Call(this.#agent, request, listener);
  }

  retire(): void {
    this.#agent.retire();
  }
}

function maxIdleMs(request: CallRequest): number {
  if (request.upgrade || request.fresh) return 0;
  return request.idempotent ? anyIdleMs : freshIdleMs;
}

/** One request by Node's HTTP client, whose events it tells in the gateway's terms: each end once, and nothing after it. */
class Http1Call implements Call {
  readonly #agent: ChannelAgent;
  readonly #listener: CallListener;
  readonly #request: ClientRequest;
  #response: IncomingMessage | undefined;
  #over = false;
  /** Something of it was written to a channel, or is about to be. */
  #sent = false;
  #waitsForDrain = false;

  constructor(agent: ChannelAgent, request: CallRequest, listener: CallListener) {
    this.#agent = agent;
    this.#listener = listener;
    const options: ChannelRequestOptions = {
      agent,
      method: request.method,
      path: request.path,
      headers: request.headers,
      maxHeaderSize,
      insecureHTTPParser: false,
      origin: request.origin,
      maxIdleMs: maxIdleMs(request),
    };
    this.#request = httpRequest(options)
      .on('response', (response) => this.#onResponse(response))
      .on('information', (info) => this.#onInformation(info))
      .on('upgrade', (response, channel, head) => this.#onUpgrade(response, channel, head))
      .on('error', (error) => this.#onError(error));
    // Node's default drops those beyond 1000 without a word.
    this.#request.maxHeadersCount = 0;
    this.#request.on('socket', (channel: Duplex) => this.#onChannel(channel, request.hasBody));
    if (!request.hasBody) this.#request.end();
  }

  write(chunk: Buffer): boolean {
    this.#sent = true;
    const more = this.#request.write(chunk);
    if (!more && !this.#waitsForDrain) {
      this.#waitsForDrain = true;
      this.#request.once('drain', () => {
        this.#waitsForDrain = false;
        if (!this.#over) this.#listener.onCallDrain();
      });
    }
    return more;
  }

  end(trailers: readonly string[]): void {
    this.#sent = true;
    if (trailers.length > 0) this.#request.addTrailers(pairs(trailers));
    this.#request.end();
  }

  pause(): void {
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  get reused(): boolean {
    return this.#request.reusedSocket;
  }

  keepFor(ms: number): void {
    const { socket } = this.#request;
    if (socket !== null) this.#agent.keepFor(socket, ms);
  }

  destroy(): void {
    if (this.#over) return;
    this.#over = true;
    this.#request.destroy();
  }

  #onChannel(channel: Duplex, hasBody: boolean): void {
    if (this.#over) return;
    if (!channel.writable) {
      this.#fail({ kind: 'not-sent' });
      return;
    }
    if (!hasBody) {
      this.#sent = true;
      return;
    }
    this.#listener.onSent();
    // The head goes with the first piece of the body if that is there, and does not wait for it.
    setImmediate(() => this.#flushHead());
  }

  #flushHead(): void {
    if (this.#sent || this.#over) return;
    this.#sent = true;
    this.#request.flushHeaders();
  }

  #onInformation(info: InformationEvent): void {
    if (!this.#over) this.#listener.onInformation(info.statusCode, info.rawHeaders);
  }

  #onResponse(response: IncomingMessage): void {
    if (this.#over) return;
    const { statusCode = 0, statusMessage = '', rawHeaders } = response;
    if (statusCode < 200) {
      this.#fail({ kind: 'nonsense', cause: new Error(`unexpected status ${statusCode}`) });
      return;
    }
    this.#response = response;
    response
      .on('data', (chunk: Buffer) => this.#onData(chunk))
      .on('end', () => this.#onEnd(response))
      .on('error', () => this.#fail({ kind: 'truncated' }));
    this.#listener.onHead(statusCode, statusMessage, rawHeaders);
  }

  #onData(chunk: Buffer): void {
    if (!this.#over) this.#listener.onData(chunk);
  }

  #onEnd(response: IncomingMessage): void {
    if (this.#over) return;
    this.#over = true;
    this.#listener.onEnd(response.rawTrailers);
    // Not to be kept, or its request was not finished: nobody else will close it.
    if (!this.#request.shouldKeepAlive || !this.#request.writableEnded) this.#request.destroy();
  }

  #onUpgrade(response: IncomingMessage, channel: Duplex, head: Buffer): void {
    if (this.#over) {
      channel.destroy();
      return;
    }
    this.#over = true;
    if (head.length > 0) channel.unshift(head);
    const { statusMessage = '', rawHeaders } = response;
    this.#listener.onSwitch({ message: statusMessage, rawHeaders, channel });
  }

  #onError(error: Error): void {
    // A close-delimited answer must not pass for complete when its channel failed; one that is complete is.
    if (this.#response !== undefined) {
      if (!this.#response.complete) this.#fail({ kind: 'truncated' });
    } else {
      this.#fail(this.#failureOf(error));
    }
  }

  #failureOf(error: NodeJS.ErrnoException): CallFailure {
    if (error instanceof ChannelOpenError) return { kind: 'not-opened', failure: error.failure };
    if (error instanceof TlsHandshakeError) return { kind: 'not-processed', cause: error };
    if (error.code?.startsWith('HPE_') === true) return { kind: 'nonsense', cause: error };
    return this.#sent ? { kind: 'closed', reused: this.#request.reusedSocket } : { kind: 'not-sent' };
  }

  #fail(failure: CallFailure): void {
    if (this.#over) return;
    this.#over = true;
    this.#request.destroy();
    this.#listener.onFailure(failure);
  }
}

function pairs(list: readonly string[]): [string, string][] {
  const result: [string, string][] = [];
  for (let i = 0; i + 1 < list.length; i += 2) result.push([list[i] ?? '', list[i + 1] ?? '']);
  return result;
}
