import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';
import {
  internalsOf,
  type MessageHandlers,
  type Ssh2Internals,
  type SshProtocol,
} from '../../core/ssh2-protocol.ts';

const packets = [
  'channelOpenConfirm',
  'channelOpenFail',
  'channelData',
  'channelEOF',
  'channelClose',
  'channelFailure',
  'channelWindowAdjust',
  'forwardedTcpip',
  'directTcpip',
  'openssh_forwardedStreamLocal',
];

const messages = [
  'CHANNEL_OPEN',
  'CHANNEL_OPEN_CONFIRMATION',
  'CHANNEL_OPEN_FAILURE',
  'CHANNEL_DATA',
  'CHANNEL_WINDOW_ADJUST',
  'CHANNEL_EOF',
  'CHANNEL_CLOSE',
  'CHANNEL_REQUEST',
];

/** A socket whose unsent bytes the test sets. */
class FillableSocket extends Duplex {
  unsentBytes = 0;

  constructor() {
    super({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    Object.defineProperty(this, 'writableLength', { get: () => this.unsentBytes });
  }
}

/** ssh2's connection, as far as channels touch it, with what it was asked to send and what it was left to handle. */
export class FakeSsh2 extends EventEmitter {
  readonly sent: unknown[][] = [];
  readonly leftToSsh2: string[] = [];
  readonly ids = new Set<number>();
  readonly socket = new FillableSocket();
  /** Makes the writer of data packets throw. */
  sendFails = false;
  readonly _protocol: SshProtocol & { _kexinit: Buffer | undefined };
  readonly _chanMgr = {
    add: (): number => {
      const id = this.#nextId;
      this.#nextId += 1;
      this.ids.add(id);
      return id;
    },
    remove: (id: number): boolean => this.ids.delete(id),
  };
  #nextId = 0;

  constructor() {
    super();
    this._protocol = {
      ...Object.fromEntries(packets.map((name) => [name, this.#sender(name)])),
      _kexinit: undefined,
      _onPacket: () => undefined,
      _handlers: Object.fromEntries(
        messages.map((name) => [name, () => void this.leftToSsh2.push(name)]),
      ) as unknown as MessageHandlers,
    } as unknown as typeof this._protocol;
  }

  get _sock(): Duplex {
    return this.socket;
  }

  get internals(): Ssh2Internals {
    return internalsOf(this);
  }

  get protocol(): SshProtocol {
    return this._protocol;
  }

  get handlers(): MessageHandlers {
    return this._protocol._handlers;
  }

  /** Keys are exchanged from here on, until `newKeys`. */
  startExchange(): void {
    this._protocol._kexinit = Buffer.alloc(1);
  }

  newKeys(): void {
    this._protocol._kexinit = undefined;
    this.emit('handshake');
  }

  #sender(name: string): (...words: unknown[]) => void {
    return (...words) => {
      if (this.sendFails && name === 'channelData') throw new Error('the packet writer failed');
      this.sent.push([name, ...words]);
    };
  }
}
