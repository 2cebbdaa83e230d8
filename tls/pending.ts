import type { Socket } from 'node:net';
import { sourceNetwork } from '../core/source-network.ts';

export interface PendingLimits {
  /** Of all sources together. */
  readonly maxPending: number;
  readonly maxPendingPerSource: number;
}

/**
 * The sockets of which it is not yet known what they are, bounded in all and per source. When there is no room, the oldest
 * one has to go: honest ones are decided within milliseconds, so the oldest ones are those that stall.
 */
export class PendingSockets {
  readonly #limits: PendingLimits;
  readonly #evict: (socket: Socket) => void;
  /** In order of arrival. */
  readonly #sources = new Map<Socket, string | undefined>();
  readonly #bySource = new Map<string, Set<Socket>>();

  /** `evict` is told of a socket that has to go, and which is no longer counted. */
  constructor(limits: PendingLimits, evict: (socket: Socket) => void) {
    this.#limits = limits;
    this.#evict = evict;
  }

  get size(): number {
    return this.#sources.size;
  }

  /**
   * Counts a socket under an address; again with another address to move it (to what its PROXY header said).
   * Without one, as for a trusted proxy that speaks for many, only the limit for all counts.
   */
  add(socket: Socket, address: string | undefined): void {
    this.delete(socket);
    const source = address === undefined ? undefined : sourceNetwork(address);
    const siblings = source === undefined ? undefined : this.#bySource.get(source);
    if (siblings !== undefined && siblings.size >= this.#limits.maxPendingPerSource)
      this.#dropFirst(siblings);
    else if (this.size >= this.#limits.maxPending) this.#dropFirst(this.#sources.keys());
    this.#sources.set(socket, source);
    if (source !== undefined) this.#siblings(source).add(socket);
  }

  delete(socket: Socket): boolean {
    const source = this.#sources.get(socket);
    if (!this.#sources.delete(socket)) return false;
    if (source === undefined) return true;
    const siblings = this.#siblings(source);
    siblings.delete(socket);
    if (siblings.size === 0) this.#bySource.delete(source);
    return true;
  }

  [Symbol.iterator](): Iterator<Socket> {
    return this.#sources.keys();
  }

  #siblings(source: string): Set<Socket> {
    const siblings = this.#bySource.get(source) ?? new Set();
    this.#bySource.set(source, siblings);
    return siblings;
  }

  #dropFirst(sockets: Iterable<Socket>): void {
    const [oldest] = sockets;
    if (oldest !== undefined && this.delete(oldest)) this.#evict(oldest);
  }
}
