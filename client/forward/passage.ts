import type { Socket } from 'node:net';
import { SshChannel } from '../../core/channel.ts';
import { deadline } from '../../core/lifecycle.ts';
import { pipeBoth } from '../../core/pipe.ts';
import type { SshConnection } from '../connection.ts';
import { openProblem } from '../direct-channel.ts';
import { oneLine } from '../printable.ts';

export interface PassageOptions {
  /** At the gate. */
  readonly host: string;
  readonly port: number;
  /** How long a connection waits for a gateway that is away. */
  readonly waitMs: number;
  /** Why connections come to nothing, once for each change of it. */
  readonly onRefused: (reason: string) => void;
  /** They go through again. */
  readonly onThrough: () => void;
}

/** What joins local connections to the gate, by whatever login there is at the moment. */
export class Passage {
  readonly #options: PassageOptions;
  #connection: SshConnection | undefined;
  #refused: string | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(options: PassageOptions) {
    this.#options = options;
  }

  /** New connections go by this one; undefined while there is none. Those that go through another stay with it. */
  use(connection: SshConnection | undefined): void {
    this.#connection = connection;
    if (connection === undefined) return;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Settles when it is over. A connection that comes to nothing is reset, so that nobody takes it for an empty answer. Never rejects. */
  async carry(socket: Socket): Promise<void> {
    const connection = await this.#current(socket);
    if (connection === undefined) {
      this.#refuse(socket, 'the gateway is away');
      return;
    }
    const { host, port } = this.#options;
    const origin = { address: socket.remoteAddress ?? '127.0.0.1', port: socket.remotePort ?? 0 };
    const opened = await connection.openDirect({ host, port, origin });
    if (!(opened instanceof SshChannel)) {
      this.#refuse(socket, oneLine(openProblem(opened)));
      return;
    }
    if (this.#refused !== undefined) this.#options.onThrough();
    this.#refused = undefined;
    await pipeBoth(opened, socket);
  }

  async #current(socket: Socket): Promise<SshConnection | undefined> {
    if (this.#connection !== undefined || this.#options.waitMs === 0) return this.#connection;
    const isThere = new Promise<void>((resolve) => {
      this.#waiting.add(resolve);
      socket.once('close', resolve);
    });
    await deadline(isThere, this.#options.waitMs, () => undefined);
    return this.#connection;
  }

  #refuse(socket: Socket, reason: string): void {
    if (!socket.destroyed) socket.resetAndDestroy();
    if (this.#refused === reason) return;
    this.#refused = reason;
    this.#options.onRefused(reason);
  }
}
