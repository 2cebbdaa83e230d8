import type { Client } from 'ssh2';
import { oneLine } from './printable.ts';

/** The part of ssh2's protocol that messages to the connection itself need. ssh2 is pinned to one version for this. */
interface ClientInternals {
  readonly _protocol: {
    requestSuccess(): void;
    requestFailure(): void;
    ping(): void;
    readonly _handlers: {
      DISCONNECT(protocol: unknown, reason: number, description: string): void;
      GLOBAL_REQUEST(protocol: unknown, name: string, wantReply: boolean, data: unknown): void;
    };
  };
  /** What to do with the answers to our global requests, in the order of the requests: they carry no id. */
  readonly _callbacks: (() => void)[];
}

/** "This process ends: connect anew." Its payload is a uint32, the grace in milliseconds. */
const drainRequest = 'drain@porthole';

/** What a gateway says to the connection as a whole, as far as ssh2 does not pass it on. Made after `connect()`. */
export class GatewayMessages {
  readonly #internals: ClientInternals;
  #farewell: string | undefined;
  #roundTripMs: number | undefined;
  #onDrain: ((graceMs: number) => void) | undefined;

  constructor(client: Client) {
    this.#internals = client as unknown as ClientInternals;
    this.#readFarewell();
    this.#answerDrain();
  }

  /** Why the gateway ended the connection, in its own words. */
  get farewell(): string | undefined {
    return this.#farewell;
  }

  /** How long the last ping took to be answered. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  /** From now on the gateway may ask this connection to move; without a listener it is told that it stays. */
  set onDrain(listener: (graceMs: number) => void) {
    this.#onDrain = listener;
  }

  /** Sends `keepalive@openssh.com`, which every peer answers, with success or failure. */
  ping(): void {
    const sentAtMs = performance.now();
    this.#internals._callbacks.push(() => {
      this.#roundTripMs = performance.now() - sentAtMs;
    });
    this.#internals._protocol.ping();
  }

  #readFarewell(): void {
    const handlers = this.#internals._protocol._handlers;
    const ssh2Handlers = { ...handlers };
    handlers.DISCONNECT = (protocol, reason, description) => {
      const text = oneLine(description);
      if (text !== '') this.#farewell = text;
      ssh2Handlers.DISCONNECT(protocol, reason, description);
    };
  }

  #answerDrain(): void {
    const handlers = this.#internals._protocol._handlers;
    const ssh2Handlers = { ...handlers };
    handlers.GLOBAL_REQUEST = (protocol, name, wantReply, data) => {
      if (name === drainRequest) this.#drain(wantReply, data);
      else ssh2Handlers.GLOBAL_REQUEST(protocol, name, wantReply, data);
    };
  }

  #drain(wantReply: boolean, data: unknown): void {
    const { _protocol: protocol } = this.#internals;
    const graceMs = readUint32(data);
    const moves = graceMs !== undefined && this.#onDrain !== undefined;
    if (wantReply && moves) protocol.requestSuccess();
    else if (wantReply) protocol.requestFailure();
    // ssh2 calls this from inside its parser, which ends the connection when anything throws.
    if (moves) queueMicrotask(() => this.#onDrain?.(graceMs));
  }
}

function readUint32(data: unknown): number | undefined {
  return Buffer.isBuffer(data) && data.length === 4 ? data.readUInt32BE(0) : undefined;
}
