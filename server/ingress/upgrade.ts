import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeBoth } from '../../core/pipe.ts';
import type { Switched } from './call.ts';
import type { Answerer, Exchange } from './exchange.ts';
import { readResponseHead } from './response-head.ts';
import type { ResponseContext } from './response-head.ts';

export interface UpgradeOptions {
  readonly exchange: Exchange;
  /** Neither side carries it any more. */
  readonly onOver: () => void;
  /** Without a byte either way. */
  readonly idleMs: number;
  readonly responseContext: ResponseContext;
}

/**
 * Carries a connection whose protocol was switched: relays the 101, then bytes both ways, with half-close, until either side
 * ends it, nothing moves for too long, or the exchange is ended. The bytes are never read as HTTP again, and the channel is
 * not pooled.
 */
export function carryUpgrade(switched: Switched, options: UpgradeOptions): void {
  const { exchange, onOver } = options;
  const { channel } = switched;
  const socket = exchange.visitor.takeSocket();
  if (socket === undefined) {
    onOver();
    channel.destroy();
    exchange.end();
    return;
  }
  exchange.switched(101);
  exchange.answerer = new Carrier(socket, channel, options.idleMs);
  socket.write(switchingHead(switched, options.responseContext), 'latin1');
  void pipeBoth(socket, channel).then(({ aToB, bToA, reason }) => {
    onOver();
    exchange.bytesIn += aToB;
    exchange.bytesOut += bToA;
    exchange.finish(reason !== 'ended');
  });
}

/** What an exchange knows of its raw half: whether anything moves, and how to end it. */
class Carrier implements Answerer {
  readonly #socket: Socket;
  readonly #channel: Duplex;
  readonly patienceMs: number;

  constructor(socket: Socket, channel: Duplex, patienceMs: number) {
    this.#socket = socket;
    this.#channel = channel;
    this.patienceMs = patienceMs;
  }

  /** All that moves in either direction passes the visitor's socket. */
  get progress(): number {
    return this.#socket.bytesRead + this.#socket.bytesWritten;
  }

  stop(): void {
    this.#socket.destroy();
    this.#channel.destroy();
  }

  onStall(): void {
    this.stop();
  }

  onBody(): void {
    this.onVisitorDrain();
  }

  onBodyEnd(): void {
    this.onVisitorDrain();
  }

  onVisitorDrain(): void {
    // The visitor gave its socket away: it has nothing more to tell.
  }
}

/** The upstream's 101 as it was, but for what no environment may say. */
function switchingHead(switched: Switched, context: ResponseContext): string {
  const { rawHeaders, message } = switched;
  const { headers } = readResponseHead(rawHeaders, context);
  let head = `HTTP/1.1 101 ${message}\r\n${linesOf(headers)}`;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (/^(?:connection|upgrade)$/i.test(rawHeaders[i] ?? '')) head += linesOf(rawHeaders.slice(i, i + 2));
  }
  return `${head}\r\n`;
}

function linesOf(headers: readonly string[]): string {
  let lines = '';
  for (let i = 0; i + 1 < headers.length; i += 2) lines += `${headers[i] ?? ''}: ${headers[i + 1] ?? ''}\r\n`;
  return lines;
}
