import type { ChannelTable } from '../../core/channel-table.ts';
import { maxPacketBytes, receiveWindowBytes, SshChannel } from '../../core/channel.ts';
import type { ForwardRequest } from '../../core/forward.ts';
import { SentOpens } from '../../core/sent-opens.ts';
import { ChannelOpenError, type Origin } from './forward.ts';

export interface ChannelOpenerOptions {
  readonly maxChannels: number;
  readonly openTimeoutMs: number;
}

/** Opens the channels of forwards in one tunnel, up to a number. */
export class ChannelOpener {
  readonly #table: ChannelTable;
  readonly #maxChannels: number;
  readonly #opens: SentOpens;

  constructor(table: ChannelTable, { maxChannels, openTimeoutMs }: ChannelOpenerOptions) {
    this.#table = table;
    this.#maxChannels = maxChannels;
    this.#opens = new SentOpens(table, openTimeoutMs);
  }

  /** Rejects with `ChannelOpenError`. The bound address, port or path is echoed as it was asked for: OpenSSH accepts nothing else. */
  async open(target: ForwardRequest, origin: Origin): Promise<SshChannel> {
    if (!this.#table.gone && this.#table.size >= this.#maxChannels)
      throw new ChannelOpenError({ kind: 'limit' });
    const outcome = await this.#opens.open((id) => this.#send(id, target, origin));
    if (outcome instanceof SshChannel) return outcome;
    throw new ChannelOpenError(outcome);
  }

  #send(id: number, target: ForwardRequest, origin: Origin): void {
    const { protocol } = this.#table;
    if (target.kind === 'streamlocal') {
      protocol.openssh_forwardedStreamLocal(id, receiveWindowBytes, maxPacketBytes, {
        socketPath: target.socketPath,
      });
      return;
    }
    protocol.forwardedTcpip(id, receiveWindowBytes, maxPacketBytes, {
      boundAddr: target.bindAddr,
      boundPort: target.bindPort,
      remoteAddr: origin.address,
      remotePort: origin.port,
    });
  }
}
