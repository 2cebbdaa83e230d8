import type { SshProtocol } from '../../core/ssh2-protocol.ts';

/** The one that asks the bundled client to dial in anew before it lets go of this connection; its data is the grace in milliseconds. */
export const drainRequest = 'drain@porthole';

/** SSH_MSG_GLOBAL_REQUEST, RFC 4254 section 4. */
const messageGlobalRequest = 80;

/** A peer that leaves more unanswered keeps no order that could be relied on. */
const maxWaiting = 64;

/** ssh2 keeps what is sent during a key exchange here. */
interface KexQueue {
  _queue?: Buffer[];
}

/** The global requests of one connection that wait for an answer. Answers carry no name: they come in the order of the requests (RFC 4254, section 4). */
export class GlobalRequests {
  readonly #protocol: SshProtocol;
  readonly #waiting: ((success: boolean) => void)[] = [];

  constructor(protocol: SshProtocol) {
    this.#protocol = protocol;
    protocol._handlers.REQUEST_SUCCESS = () => this.#waiting.shift()?.(true);
    protocol._handlers.REQUEST_FAILURE = () => this.#waiting.shift()?.(false);
  }

  /** Answered by every peer; with REQUEST_FAILURE by those that do not know it. */
  ping(onReply: () => void): void {
    this.#expect(onReply);
    this.#protocol.ping();
  }

  /** Answered with REQUEST_SUCCESS by a client that moves. */
  drain(graceMs: number, onReply: (moves: boolean) => void): void {
    this.#expect(onReply);
    this.#send(drainRequest, Math.min(graceMs, 0xffff_ffff));
  }

  #expect(onReply: (success: boolean) => void): void {
    this.#waiting.push(onReply);
    if (this.#waiting.length > maxWaiting) this.#waiting.shift();
  }

  #send(name: string, data: number): void {
    const { _packetRW: packets, _kexinit: keyExchange, _cipher: cipher } = this.#protocol;
    const packet = packets.write.alloc(1 + 4 + name.length + 1 + 4, false);
    let at = packets.write.allocStart;
    packet[at] = messageGlobalRequest;
    at = packet.writeUInt32BE(name.length, at + 1);
    at += packet.write(name, at, 'latin1');
    packet[at] = 1;
    packet.writeUInt32BE(data, at + 1);
    const whole = packets.write.finalize(packet, false);
    if (keyExchange === undefined) cipher.encrypt(whole);
    else ((this.#protocol as SshProtocol & KexQueue)._queue ??= []).push(whole);
  }
}
