import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ConnectionInfo } from './connection-info.ts';
import { proxiedInfo, securedInfo } from './connection-info.ts';
import { offeredProtocols } from './client-hello.ts';
import type { DemuxerEvent, Found, Lost } from './demuxer-event.ts';
import type { HandshakeQueue } from './handshake-queue.ts';
import type { Peeked } from './peek.ts';
import { peek } from './peek.ts';
import type { ProxyHeader } from './proxy-protocol.ts';
import { parseProxyHeader } from './proxy-protocol.ts';
import type { Sniffed } from './sniff.ts';
import { sniff } from './sniff.ts';
import type { Terminator } from './terminator.ts';

/** A connection of which it is known what it is: SSH (raw or inside TLS), HTTP/1 or HTTP/2 inside TLS, or HTTP in the open. */
export type Recognised =
  | { readonly kind: 'ssh' | 'plain-http'; readonly socket: Socket; readonly info: ConnectionInfo }
  | { readonly kind: 'http' | 'http2'; readonly socket: TLSSocket; readonly info: ConnectionInfo };

/** What a listener is for: anything that can be told apart, or one thing only. */
export type Expected = 'any' | 'ssh' | 'http';

export interface RecogniserOptions {
  readonly terminator: Terminator;
  readonly queue: HandshakeQueue;
  readonly sniffTimeoutMs: number;
  readonly silenceMs: number;
  /** Whether nobody may log in by SSH from there now. */
  readonly isBlocked: (address: string) => boolean;
  readonly onEvent: (event: DemuxerEvent) => void;
}

type WholeHeader = Extract<ProxyHeader, { kind: 'header' }>;
const innerByAlpn: Readonly<Record<string, 'ssh' | 'http' | 'http2'>> = {
  h2: 'http2',
  'http/1.1': 'http',
  ssh: 'ssh',
};

/** Finds out what a connection is. It never destroys one: it gives `undefined` when there is nothing to be done with it. */
export class Recogniser {
  readonly #options: RecogniserOptions;

  constructor(options: RecogniserOptions) {
    this.#options = options;
  }

  /** A connection that speaks for itself. */
  async recognise(
    socket: Socket,
    info: ConnectionInfo,
    expected: Expected,
    deadlineMs = this.#options.sniffTimeoutMs,
  ): Promise<Recognised | undefined> {
    if (expected !== 'any') return outer(expected, socket, info);
    let forSsh = false;
    const decide = (bytes: Buffer): Sniffed => {
      const sniffed = sniff(bytes);
      if (sniffed === 'tls') forSsh = offersSshOnly(bytes);
      return sniffed;
    };
    const found = await this.#found(socket, decide, { secure: false, deadlineMs });
    if (found === undefined) return undefined;
    if (found !== 'tls') return outer(found, socket, info);
    const secured = await this.#secure(socket, info, forSsh);
    return secured && this.#unwrap(secured, info);
  }

  /**
   * A connection of a peer that may put a PROXY header before everything else. `onSource` is told whose it is as soon as
   * that is known. Without a header it is served with the peer's own address: a proxy checks our health so.
   */
  async recogniseProxied(
    socket: Socket,
    own: ConnectionInfo,
    expected: Expected,
    onSource: (info: ConnectionInfo) => void,
  ): Promise<Recognised | undefined> {
    const { silenceMs, sniffTimeoutMs } = this.#options;
    const startedAt = performance.now();
    const peeked = await peek(socket, { decide: decideHeader, silenceMs, deadlineMs: sniffTimeoutMs });
    if (peeked.kind === 'silent' && expected === 'any') return outer(this.#silence(false), socket, own);
    const header = headerOf(peeked);
    if (typeof header === 'string') {
      this.#lost(header, false);
      return undefined;
    }
    const info = header === undefined ? own : this.#takeHeader(socket, own, header);
    onSource(info);
    const leftMs = sniffTimeoutMs - (performance.now() - startedAt);
    return this.recognise(socket, info, expected, Math.max(0, leftMs));
  }

  #takeHeader(socket: Socket, own: ConnectionInfo, header: WholeHeader): ConnectionInfo {
    socket.read(header.consumed);
    this.#options.onEvent({ kind: 'proxied' });
    return proxiedInfo(own, header.source);
  }

  /** The handshake, when its turn comes. */
  async #secure(socket: Socket, info: ConnectionInfo, forSsh: boolean): Promise<TLSSocket | undefined> {
    const { queue, terminator } = this.#options;
    if (!forSsh) {
      await queue.visitor(socket);
      return terminator.handshake(socket);
    }
    if (this.#options.isBlocked(info.remoteAddress)) {
      this.#options.onEvent({ kind: 'penalised' });
      return undefined;
    }
    await queue.machine(socket, info.remoteAddress);
    const secured = await terminator.handshake(socket);
    queue.over(info.remoteAddress);
    return secured;
  }

  async #unwrap(socket: TLSSocket, rawInfo: ConnectionInfo): Promise<Recognised | undefined> {
    const info = securedInfo(rawInfo, socket);
    const { tlsVersion, alpn } = info;
    this.#options.onEvent({ kind: 'secured', tlsVersion, alpn, resumed: socket.isSessionReused() });
    const kind = alpn === undefined ? await this.#inner(socket) : innerByAlpn[alpn];
    return kind && { kind, socket, info };
  }

  /** What is spoken inside TLS when ALPN did not say. */
  #inner(socket: TLSSocket): Promise<'ssh' | 'http' | undefined> {
    return this.#found(socket, decideInner, { secure: true, deadlineMs: this.#options.sniffTimeoutMs });
  }

  async #found<P extends Found>(
    socket: Socket,
    decide: (bytes: Buffer) => P | 'more' | 'unknown',
    { secure, deadlineMs }: { secure: boolean; deadlineMs: number },
  ): Promise<P | 'ssh' | undefined> {
    const peeked = await peek(socket, { decide, silenceMs: this.#options.silenceMs, deadlineMs });
    if (peeked.kind === 'silent') return this.#silence(secure);
    if (peeked.kind !== 'decided' || peeked.value === 'unknown') {
      this.#lost(peeked.kind === 'decided' ? 'garbage' : peeked.kind, secure);
      return undefined;
    }
    this.#options.onEvent({ kind: 'sniffed', as: peeked.value, secure });
    return peeked.value;
  }

  /** Some SSH clients wait for the server's identification. */
  #silence(secure: boolean): 'ssh' {
    this.#options.onEvent({ kind: 'sniffed', as: 'silence', secure });
    return 'ssh';
  }

  #lost(why: Lost, secure: boolean): void {
    this.#options.onEvent({ kind: 'lost', why, secure });
  }
}

/** What the bundled client says, before the handshake costs anything. */
function offersSshOnly(bytes: Buffer): boolean {
  const [first, ...others] = offeredProtocols(bytes) ?? [];
  return first === 'ssh' && others.length === 0;
}

function outer(kind: 'ssh' | 'http', socket: Socket, info: ConnectionInfo): Recognised {
  return { kind: kind === 'http' ? 'plain-http' : 'ssh', socket, info };
}

function decideHeader(bytes: Buffer): ProxyHeader | 'more' {
  const header = parseProxyHeader(bytes);
  return header.kind === 'more' ? 'more' : header;
}

/** The header, `undefined` if there is none, or why there will be no connection. */
function headerOf(peeked: Peeked<ProxyHeader>): WholeHeader | undefined | Lost {
  if (peeked.kind === 'silent') return undefined;
  if (peeked.kind !== 'decided') return peeked.kind;
  const header = peeked.value;
  if (header.kind === 'header') return header;
  return header.kind === 'absent' ? undefined : 'bad-proxy-header';
}

/** TLS inside TLS is nothing that we speak. */
function decideInner(bytes: Buffer): Exclude<Sniffed, 'tls'> {
  const sniffed = sniff(bytes);
  return sniffed === 'tls' ? 'unknown' : sniffed;
}
