import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { base32 } from '../../core/base32.ts';
import { forwardKey } from '../../core/forward.ts';
import { openFailure } from '../../core/channel-opening.ts';
import type { ChannelOpening } from '../channel-openings.ts';
import type { SshConnection } from '../connection.ts';
import { parseHello, parseStatus } from '../gateway-answers.ts';
import { httpUrl, oneLine } from '../printable.ts';
import { forwardRequest } from '../target.ts';

/** The header by which the echo is known; not one of the gateway's own, which never pass. */
export const echoHeader = 'x-doctor-echo';

export type ForwardFacts =
  | { readonly kind: 'open'; readonly url: URL; readonly shareUrl: URL | undefined }
  | { readonly kind: 'refused' | 'lost'; readonly reason: string };

const maxEchoBytes = 64 * 1024;
const ttl = 'ttl=2m';

/**
 * A service that lives for the time of a check: private, under a name that nobody else has, and gone by itself should it be left
 * behind. It gives back what it is sent.
 */
export class TemporaryService {
  readonly nonce = base32(randomBytes(10)).slice(0, 10);
  readonly #name = `doctor-${this.nonce}`;
  readonly #server: Server = createServer((request, response) => this.#echo(request, response));
  readonly #request = forwardRequest({
    service: this.#name,
    port: undefined,
    words: ['access=private', ttl],
  });

  /** Answers a channel that the gateway opens. */
  readonly serve = (opening: ChannelOpening): void => {
    if (opening.forward !== forwardKey(this.#request)) {
      opening.refuse(openFailure.prohibited, 'nothing is offered here under this name');
      return;
    }
    const channel = opening.accept();
    channel?.on('error', () => channel.destroy());
    if (channel !== undefined) this.#server.emit('connection', channel);
  };

  async offer(connection: SshConnection): Promise<ForwardFacts> {
    const answer = await connection.forward(this.#request);
    if (answer === 'lost') return { kind: 'lost', reason: await connection.closed };
    const [hello, status] = await Promise.all([connection.run('hello'), connection.run('status')]);
    const key = forwardKey(this.#request);
    const told = parseStatus(status?.stdout ?? '');
    if (answer === 'refused') {
      const reason = told?.refused.find(({ request }) => request === key)?.reason;
      return { kind: 'refused', reason: oneLine(reason ?? 'the gateway gave no reason') };
    }
    const url = httpUrl(parseHello(hello?.stdout ?? '')?.tunnels.get(key) ?? '');
    if (url === undefined) return { kind: 'lost', reason: 'the gateway told no URL for it' };
    const shareUrl = httpUrl(told?.forwards.find(({ request }) => request === key)?.shareUrl ?? '');
    return {
      kind: 'open',
      url: new URL(url),
      shareUrl: shareUrl === undefined ? undefined : new URL(shareUrl),
    };
  }

  async withdraw(connection: SshConnection): Promise<void> {
    await connection.cancel(this.#request);
  }

  #echo(request: IncomingMessage, response: ServerResponse): void {
    request.on('error', () => response.destroy());
    response.on('error', () => undefined);
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxEchoBytes) request.destroy();
      else chunks.push(chunk);
    });
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/octet-stream', [echoHeader]: this.nonce });
      response.end(Buffer.concat(chunks));
    });
  }
}
