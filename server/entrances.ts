import type { Socket } from 'node:net';
import type { ListenTarget, Sharing } from '../core/listen.ts';
import type { Log } from '../core/log.ts';
import type { Demuxer } from '../tls/demuxer.ts';
import { Listener, formatListenAddress } from '../tls/listener.ts';
import type { Expected } from '../tls/recogniser.ts';

/** Where to listen, and with whom; an address alone is shared with nobody. */
export type EntranceTarget = ListenTarget & { readonly sharing?: Sharing };

export interface EntranceTargets {
  readonly shared: readonly EntranceTarget[];
  readonly ssh: readonly EntranceTarget[];
  readonly http: readonly EntranceTarget[];
}

interface Entrance {
  readonly listener: Listener;
  readonly expected: Expected;
  readonly target: ListenTarget;
}

interface Wanted {
  readonly target: EntranceTarget;
  readonly expected: Expected;
}

/** What a successor is told of a listening socket: the address as it was asked for, with the port that it has. */
export interface TakenAddress {
  readonly host: string;
  readonly port: number;
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

  /** What is joined comes last: from then on connections come here too, and must not be lost because another address fails. */
  async listen({ shared, ssh, http }: EntranceTargets): Promise<void> {
    const wanted: readonly Wanted[] = [
      ...shared.map((target) => ({ target, expected: 'any' as const })),
      ...ssh.map((target) => ({ target, expected: 'ssh' as const })),
      ...http.map((target) => ({ target, expected: 'http' as const })),
    ];
    const places = new Map<Entrance, number>();
    for (const joined of [false, true]) {
      for (const [place, each] of wanted.entries()) {
        if ((each.target.sharing === 'join') === joined) places.set(await this.#add(each), place);
      }
    }
    this.#entrances.sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
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

  /** What a successor needs to listen on the same addresses. */
  taken(expected: Expected): readonly TakenAddress[] {
    return this.#of(expected).map(({ listener, target }) => ({
      host: 'host' in target ? target.host : listener.address.host,
      port: listener.address.port,
    }));
  }

  /** Stops listening at once; connections live on. */
  async close(): Promise<void> {
    await Promise.all(this.#entrances.map(({ listener }) => listener.close()));
  }

  /** Stops listening when nothing is left in the kernel's queues: for when a successor listens beside us. */
  async closeAfterLast(): Promise<void> {
    await Promise.all(this.#entrances.map(({ listener }) => listener.closeAfterLast()));
  }

  destroy(reason: string): void {
    for (const { socket } of this.#waiting.splice(0)) socket.destroy();
    for (const { listener } of this.#entrances) listener.destroy(reason);
  }

  #of(expected: Expected): readonly Entrance[] {
    return this.#entrances.filter((entrance) => entrance.expected === expected);
  }

  async #add({ target: { sharing = 'alone', ...target }, expected }: Wanted): Promise<Entrance> {
    const listener = await Listener.open(target, {
      sharing,
      onSocket: (socket) => {
        this.#take(socket, expected);
      },
      onError: (err) => {
        this.#log.error({ err, ...target }, 'a connection could not be accepted');
      },
    });
    const entrance = { listener, expected, target };
    this.#entrances.push(entrance);
    return entrance;
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
