import type { Socket } from 'node:net';
import { sourceNetwork } from '../core/source-network.ts';

/** How many more connections may log in by SSH now: of all sources together, and of one. */
export interface LoginRoom {
  readonly inAll: number;
  readonly ofSource: number;
}

export interface HandshakeQueueOptions {
  readonly loginRoom: (address: string) => LoginRoom;
  /** How long a connection may wait for its turn. */
  readonly patienceMs: number;
}

interface Waiting {
  readonly socket: Socket;
  readonly address: string;
  readonly begin: () => void;
}

/** A handshake takes about a millisecond: what a visitor may have to wait for others in one turn of the event loop. */
const perTurn = 8;
/** How soon it is asked again whether there is room for logins, while somebody waits for it. */
const roomCheckMs = 5;

/**
 * Lets TLS handshakes begin a few at a time, visitors first. When a thousand machines dial in at once, those that will speak SSH wait here until
 * there is room for their login, instead of being refused after a handshake; others do not wait for them.
 */
export class HandshakeQueue {
  readonly #options: HandshakeQueueOptions;
  readonly #visitors = new Set<Waiting>();
  readonly #machines = new Set<Waiting>();
  /** Machines that were let through, and whose handshake is not over. */
  readonly #begun = new Map<string, number>();
  #begunCount = 0;
  #left = perTurn;
  #turn: NodeJS.Immediate | undefined;
  #check: NodeJS.Timeout | undefined;

  constructor(options: HandshakeQueueOptions) {
    this.#options = options;
  }

  /** Connections that wait. */
  get size(): number {
    return this.#visitors.size + this.#machines.size;
  }

  /** Settles when the handshake of a visitor may begin, or the socket is gone. */
  visitor(socket: Socket): Promise<undefined> {
    return this.#enter(this.#visitors, socket, '');
  }

  /** The same for one that will speak SSH. `over` must follow when its handshake is. */
  machine(socket: Socket, address: string): Promise<undefined> {
    return this.#enter(this.#machines, socket, sourceNetwork(address));
  }

  /** The handshake of a machine is over. */
  over(address: string): void {
    const source = sourceNetwork(address);
    const left = (this.#begun.get(source) ?? 1) - 1;
    if (left === 0) this.#begun.delete(source);
    else this.#begun.set(source, left);
    this.#begunCount -= 1;
  }

  #enter(queue: Set<Waiting>, socket: Socket, address: string): Promise<undefined> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const leave = (): void => {
      clearTimeout(timer);
      socket.off('close', begin);
      queue.delete(waiting);
    };
    const begin = (): void => {
      leave();
      if (queue === this.#machines) this.#count(address);
      resolve(undefined);
    };
    const waiting: Waiting = { socket, address, begin };
    const timer = setTimeout(() => socket.destroy(), this.#options.patienceMs);
    socket.once('close', begin);
    queue.add(waiting);
    if (socket.destroyed) begin();
    else this.#admit();
    return promise;
  }

  #count(source: string): void {
    this.#begun.set(source, (this.#begun.get(source) ?? 0) + 1);
    this.#begunCount += 1;
  }

  #admit(): void {
    for (const { begin } of this.#visitors) {
      if (this.#left === 0) break;
      this.#left -= 1;
      begin();
    }
    for (const waiting of this.#machines) {
      if (this.#left === 0) break;
      if (!this.#hasRoom(waiting.address)) continue;
      this.#left -= 1;
      waiting.begin();
    }
    this.#comeBack();
  }

  #hasRoom(source: string): boolean {
    const { inAll, ofSource } = this.#options.loginRoom(source);
    // The handshakes that run will need places too.
    return inAll > this.#begunCount && ofSource > (this.#begun.get(source) ?? 0);
  }

  /** In the next turn, if this one's share is used up; a little later, if only room is missing. */
  #comeBack(): void {
    if (this.#left < perTurn) {
      this.#turn ??= setImmediate(() => {
        this.#turn = undefined;
        this.#left = perTurn;
        if (this.size > 0) this.#admit();
      });
    } else if (this.#machines.size > 0) {
      this.#check ??= setTimeout(() => {
        this.#check = undefined;
        this.#admit();
      }, roomCheckMs);
    }
  }
}
