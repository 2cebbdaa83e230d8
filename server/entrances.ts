import type { Socket } from 'node:net';
import type { Log } from '../core/log.ts';
import type { Demuxer } from '../tls/demuxer.ts';
import { Listener, formatListenAddress } from '../tls/listener.ts';
import type { Expected } from '../tls/recogniser.ts';

export interface EntranceAddress {
  readonly host: string;
  readonly port: number;
}

export interface EntranceAddresses {
  readonly shared: readonly EntranceAddress[];
  readonly ssh: readonly EntranceAddress[];
  readonly http: readonly EntranceAddress[];
}

interface Entrance {
  readonly listener: Listener;
  readonly expected: Expected;
}

/**
 * The listening sockets of the gateway. They are opened before anything else that takes work, so that their ports are known
 * and a port in use ends the start; what connects meanwhile waits for `open()`.
 */
export class Entrances {
  readonly #entrances: Entrance[] = [];
  readonly #waiting: { socket: Socket; expected: Expected }[] = [];
  readonly #log: Log;
  #demuxer: Demuxer | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  async listen(addresses: EntranceAddresses): Promise<void> {
    for (const address of addresses.shared) await this.#add(address, 'any');
    for (const address of addresses.ssh) await this.#add(address, 'ssh');
    for (const address of addresses.http) await this.#add(address, 'http');
  }

  /** From now on connections go to the demuxer. */
  open(demuxer: Demuxer): void {
    this.#demuxer = demuxer;
    for (const { socket, expected } of this.#waiting.splice(0)) demuxer.accept(socket, expected);
  }

  /** `HOST:PORT` of each entrance of a kind, with the ports that the system chose. */
  addresses(expected: Expected): readonly string[] {
    return this.#of(expected).map(({ listener }) => formatListenAddress(listener.address));
  }

  port(expected: Expected): number | undefined {
    return this.#of(expected)[0]?.listener.address.port;
  }

  /** Stops listening at once; connections live on. */
  async close(): Promise<void> {
    await Promise.all(this.#entrances.map(({ listener }) => listener.close()));
  }

  destroy(reason: string): void {
    for (const { listener } of this.#entrances) listener.destroy(reason);
  }

  #of(expected: Expected): readonly Entrance[] {
    return this.#entrances.filter((entrance) => entrance.expected === expected);
  }

  async #add(address: EntranceAddress, expected: Expected): Promise<void> {
    const listener = await Listener.open(address, {
      onSocket: (socket) => {
        this.#take(socket, expected);
      },
      onError: (err) => {
        this.#log.error({ err, address: formatListenAddress(address) }, 'a connection could not be accepted');
      },
    });
    this.#entrances.push({ listener, expected });
  }

  #take(socket: Socket, expected: Expected): void {
    if (this.#demuxer !== undefined) {
      this.#demuxer.accept(socket, expected);
      return;
    }
    socket.on('error', () => socket.destroy());
    this.#waiting.push({ socket, expected });
  }
}
