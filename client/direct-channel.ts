import type { ChannelTable } from '../core/channel-table.ts';
import { maxPacketBytes, receiveWindowBytes, type SshChannel } from '../core/channel.ts';
import { type OpenFailed, SentOpens } from '../core/sent-opens.ts';

/** What the gate is asked to connect a channel to: `db.pr-42` and a port. */
export interface DirectAddress {
  readonly host: string;
  readonly port: number;
  /** Whoever connected here, for the machine's own log. */
  readonly origin?: { readonly address: string; readonly port: number };
}

/** As OpenSSH says where nobody connected. */
const nobody = { address: '127.0.0.1', port: 65_535 };
/** The gate itself waits for a tunnel that is about to be back, and for the machine's turn and greeting. */
const openTimeoutMs = 60_000;

/** The channels that we ask the gate to open in one connection (`direct-tcpip`, RFC 4254 section 7.2). */
export class DirectChannels {
  readonly #table: ChannelTable;
  readonly #opens: SentOpens;

  constructor(table: ChannelTable) {
    this.#table = table;
    this.#opens = new SentOpens(table, openTimeoutMs);
  }

  open({ host, port, origin = nobody }: DirectAddress): Promise<SshChannel | OpenFailed> {
    return this.#opens.open((id) =>
      this.#table.protocol.directTcpip(id, receiveWindowBytes, maxPacketBytes, {
        dstIP: host,
        dstPort: port,
        srcIP: origin.address,
        srcPort: origin.port,
      }),
    );
  }
}

/** Why there is no channel, in one line. */
export function openProblem(failed: OpenFailed): string {
  switch (failed.kind) {
    case 'refused':
    case 'prohibited':
      return failed.detail === '' ? 'the gateway refused it without a reason' : failed.detail;
    case 'timeout':
      return 'the gateway did not answer in time';
    case 'gone':
      return 'the connection to the gateway is lost';
  }
}
