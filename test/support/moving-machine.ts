import { connect } from 'node:net';
import { dialIn, type Machine } from './machine.ts';
import type { TestScope } from './scope.ts';
import type { SshKey } from './ssh-keys.ts';

export interface MovingMachineOptions {
  readonly key: SshKey;
  readonly user?: string;
  /** The gateway's. */
  readonly port: number;
  readonly host?: string;
  /** The app's port on this machine. */
  readonly appPort: number;
}

/** The global requests of a drain, as ssh2's client hands them on. */
type GlobalRequest = (protocol: Answers, name: string, wantReply: boolean, data: Buffer) => void;
interface Answers {
  requestSuccess(): void;
}

/**
 * A machine that moves when the gateway asks it to: it dials in anew before it lets go of the connection that it has. Made with ssh2's client,
 * and knowing nothing of the bundled one.
 */
export class MovingMachine {
  readonly #t: TestScope;
  readonly #options: MovingMachineOptions;
  /** Its connections, the oldest first. */
  readonly machines: Machine[] = [];
  /** The grace, in milliseconds, of each request to move. */
  readonly graces: number[] = [];

  /** Dials in, and waits until its forward stands. */
  static async start(t: TestScope, options: MovingMachineOptions): Promise<MovingMachine> {
    const moving = new MovingMachine(t, options);
    await moving.#dial();
    return moving;
  }

  private constructor(t: TestScope, options: MovingMachineOptions) {
    this.#t = t;
    this.#options = options;
  }

  async #dial(): Promise<void> {
    const { port, host, key, user = 'pr-1', appPort } = this.#options;
    const machine = await dialIn(this.#t, port, { key, user, ...(host !== undefined && { host }) });
    this.machines.push(machine);
    machine.onChannel((channel) => {
      const socket = connect(appPort, '127.0.0.1');
      socket.on('error', () => channel.destroy());
      channel.on('close', () => socket.destroy());
      socket.pipe(channel).pipe(socket);
    });
    const handlers = machine.protocol._handlers as Record<string, GlobalRequest>;
    const others = handlers['GLOBAL_REQUEST'];
    handlers['GLOBAL_REQUEST'] = (protocol, name, wantReply, data) => {
      if (name !== 'drain@porthole') others?.(protocol, name, wantReply, data);
      else {
        this.graces.push(data.readUInt32BE(0));
        protocol.requestSuccess();
        void this.#dialUntilItStands();
      }
    };
    await machine.forward('', 80);
  }

  /** A gateway that ends takes nobody; its successor does. */
  async #dialUntilItStands(): Promise<void> {
    await this.#dial().catch(() => undefined);
  }
}
