import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Connection } from 'ssh2';
import { ChannelTable } from '../../core/channel-table.ts';
import type { Access, ForwardOptions, ForwardRequest } from '../../core/forward.ts';
import { forwardKey } from '../../core/forward.ts';
import { deadline, Latch } from '../../core/lifecycle.ts';
import type { Log } from '../../core/log.ts';
import { internalsOf } from '../../core/ssh2-protocol.ts';
import { ChannelOpener } from './channel-opener.ts';
import { takeDirectOpens, type DirectOpen } from './direct-opens.ts';
import { sendDisconnect } from './disconnect.ts';
import {
  ChannelOpenError,
  type Channel,
  type ChannelFailure,
  type Forward,
  type ForwardEnding,
  type OpenResult,
  type Origin,
} from './forward.ts';
import { GlobalRequests } from './global-requests.ts';
import type { Heartbeat } from './heartbeat.ts';
import { Silence } from './silence.ts';
import { TunnelForward, type NewForward } from './tunnel-forward.ts';

/** How long a peer may leave a full SSH socket unread before it is cut, in ticks of the heartbeat. */
const maxStuckTicks = 15;

/** How long a client may take to answer that it moves. */
const drainAnswerMs = 2000;

export interface TunnelOptions {
  /** The principal that the key authenticated. */
  readonly owner: string;
  readonly remoteAddress: string;
  readonly maxChannels: number;
  readonly maxForwards: number;
  readonly channelOpenTimeoutMs: number;
  readonly heartbeat: Heartbeat;
  readonly log: Log;
  /** Called at once, synchronously, when a forward ends: its route goes with it. */
  readonly onForwardEnd: (forward: Forward, ending: ForwardEnding) => void;
  /** Called with what each channel open said, before whoever asked for the channel hears of it. */
  readonly onChannelOpen: (forward: Forward, result: OpenResult, detail?: string) => void;
  /** Called for each forward when its tunnel begins to drain: another is to be taken where there is one. */
  readonly onDraining?: (forward: Forward) => void;
  /** Called for each forward when the peer leaves a ping unanswered for too long, and when it is heard again. */
  readonly onSilence?: (forward: Forward, silent: boolean) => void;
  /** Called for each connection that the client asks for; none is made without it. Must not throw. */
  readonly onDirectOpen?: (open: DirectOpen) => void;
}

/** One live SSH connection from a machine: its forwards, its channels and its heartbeat. */
export class Tunnel {
  readonly id = randomUUID().slice(0, 8);
  readonly owner: string;
  readonly remoteAddress: string;
  readonly openedAt = Date.now();
  readonly #options: TunnelOptions;
  readonly #socket: Duplex;
  readonly #table: ChannelTable;
  readonly #opener: ChannelOpener;
  readonly #forwards = new Map<string, TunnelForward>();
  readonly #ended = new Latch<string>();
  readonly #requests: GlobalRequests;
  readonly #silence: Silence;
  readonly #unwatch: () => void;
  #drained: Promise<'moving' | 'staying' | 'gone'> | undefined;
  #pingSentAt: number | undefined;
  #heardAt = performance.now();
  #silentMs = 0;
  #roundTripMs: number | undefined;

  constructor(connection: Connection, options: TunnelOptions) {
    this.#options = options;
    this.owner = options.owner;
    this.remoteAddress = options.remoteAddress;
    const internals = internalsOf(connection);
    this.#socket = internals.socket;
    this.#table = new ChannelTable(internals, {
      onViolation: (reason) => {
        this.destroy(reason);
      },
      onFault: (err) => {
        options.log.error({ err, tunnelId: this.id }, 'channel failed inside the gateway');
      },
    });
    this.#opener = new ChannelOpener(this.#table, {
      maxChannels: options.maxChannels,
      openTimeoutMs: options.channelOpenTimeoutMs,
    });
    takeDirectOpens(this.#table, { maxChannels: options.maxChannels, onOpen: options.onDirectOpen });
    this.#requests = new GlobalRequests(this.#table.protocol);
    this.#silence = new Silence((silent) => {
      for (const forward of this.forwards) options.onSilence?.(forward, silent);
    });
    this.#unwatch = options.heartbeat.watch({
      heard: () => this.#heard(),
      ping: () => {
        this.ping();
      },
      lost: () => {
        this.#silentMs = performance.now() - this.#heardAt;
        this.destroy('no sign of life');
      },
    });
  }

  get closed(): Promise<string> {
    return this.#ended.promise;
  }

  get live(): boolean {
    return !this.#ended.settled;
  }

  /** It was told to move elsewhere. */
  get draining(): boolean {
    return this.#drained !== undefined;
  }

  /** For how long the machine had not been heard when the tunnel was given up for that; else 0. */
  get silentMs(): number {
    return this.#silentMs;
  }

  get forwards(): readonly Forward[] {
    return [...this.#forwards.values()];
  }

  get channelCount(): number {
    return this.#table.size;
  }

  get bufferedBytes(): number {
    return this.#table.bufferedBytes + this.#table.sendQueue.bytes;
  }

  /** The last measured round trip to the machine and back. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  /** Null when the tunnel has its maximum of forwards, or is gone. */
  addForward(forward: NewForward): Forward | null {
    if (!this.live || this.#forwards.size >= this.#options.maxForwards) return null;
    const key = forwardKey(forward.target);
    const added = new TunnelForward(this, forward);
    this.#forwards.set(key, added);
    return added;
  }

  findForward(target: ForwardRequest): Forward | undefined {
    return this.#forwards.get(forwardKey(target));
  }

  /** False when there is no such forward. */
  removeForward(target: ForwardRequest, ending: ForwardEnding): boolean {
    const key = forwardKey(target);
    const forward = this.#forwards.get(key);
    if (forward === undefined) return false;
    this.#forwards.delete(key);
    this.#end(forward, ending);
    return true;
  }

  /** Ends all forwards, as their user asks; the connection stays. */
  withdraw(reason: string): void {
    this.#endAll({ kind: 'withdrawn', reason });
  }

  /** Options that were given for the whole connection, after the forward was made. */
  changeForward(forward: Forward, options: ForwardOptions, access: Access): void {
    const own = [...this.#forwards.values()].find((each) => each === forward);
    own?.change(options, access);
  }

  /** What the open said is told to `onChannelOpen` first. */
  async openChannel(forward: Forward, target: ForwardRequest, origin: Origin): Promise<Channel> {
    try {
      if (!forward.live) throw new ChannelOpenError({ kind: 'gone' });
      const channel = await this.#opener.open(target, origin);
      this.#tellOpen(forward, 'accepted');
      return channel;
    } catch (error) {
      if (error instanceof ChannelOpenError) this.#tellFailure(forward, error.failure);
      throw error;
    }
  }

  ping(): void {
    if (!this.live) return;
    this.#pingSentAt ??= performance.now();
    this.#requests.ping(() => {
      if (this.#pingSentAt !== undefined) this.#roundTripMs = performance.now() - this.#pingSentAt;
      this.#pingSentAt = undefined;
    });
  }

  /**
   * Asks the client to dial in anew. It is `moving` when it understood; one that did not, or gave no answer for 2 s, stays. Either way the
   * tunnel serves until it is closed.
   */
  drain(graceMs: number): Promise<'moving' | 'staying' | 'gone'> {
    if (this.#drained !== undefined) return this.#drained;
    this.#drained = this.#askToMove(graceMs);
    for (const forward of this.forwards) this.#options.onDraining?.(forward);
    return this.#drained;
  }

  /** Ends the tunnel politely: routes go at once, the peer is told, then the socket is closed. */
  close(reason: string): void {
    this.#finish(reason, () => {
      sendDisconnect(this.#table.protocol, reason);
      this.#socket.end();
      setTimeout(() => this.#socket.destroy(), 1000).unref();
    });
  }

  /** Ends the tunnel now. The socket is destroyed, not ended: a dead peer would keep it half-open for minutes. */
  destroy(reason: string): void {
    this.#finish(reason, () => {
      this.#socket.destroy();
    });
  }

  #finish(reason: string, release: () => void): void {
    if (!this.#ended.settle(reason)) return;
    this.#unwatch();
    try {
      this.#endAll({ kind: 'lost', reason });
      this.#table.abort(reason);
    } finally {
      release();
    }
  }

  #endAll(ending: ForwardEnding): void {
    const forwards = [...this.#forwards.values()];
    this.#forwards.clear();
    for (const forward of forwards) this.#end(forward, ending);
  }

  #end(forward: TunnelForward, ending: ForwardEnding): void {
    if (forward.end(ending.reason)) this.#options.onForwardEnd(forward, ending);
  }

  #tellFailure(forward: Forward, failure: ChannelFailure): void {
    const result = failure.kind === 'prohibited' ? 'refused' : failure.kind;
    this.#tellOpen(forward, result, 'detail' in failure ? failure.detail : undefined);
  }

  /** Whoever waits for the channel gets it, whatever becomes of the news. */
  #tellOpen(forward: Forward, result: OpenResult, detail?: string): void {
    try {
      this.#options.onChannelOpen(forward, result, detail);
    } catch (err) {
      this.#options.log.error({ err, tunnelId: this.id }, 'a channel open failed inside the gateway');
    }
  }

  #askToMove(graceMs: number): Promise<'moving' | 'staying' | 'gone'> {
    if (!this.live) return Promise.resolve('gone');
    const answer = new Promise<'moving' | 'staying'>((settle) => {
      this.#requests.drain(graceMs, (moves) => {
        settle(moves ? 'moving' : 'staying');
      });
    });
    const gone = this.closed.then(() => 'gone' as const);
    return deadline(Promise.race([answer, gone]), drainAnswerMs, () => 'staying');
  }

  #heard(): boolean {
    this.#cutWhenStuck();
    const heard = this.#table.takePacketCount() > 0;
    if (heard) this.#heardAt = performance.now();
    this.#silence.tick({ heard, asked: this.#pingSentAt !== undefined });
    return heard;
  }

  /** A peer that talks but never reads would hold a full socket for ever. */
  #cutWhenStuck(): void {
    if (this.#table.sendQueue.stuckTicks() > maxStuckTicks) this.destroy('the peer stopped reading');
  }
}
