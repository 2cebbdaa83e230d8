import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Connection } from 'ssh2';
import type { Access, ForwardOptions, ForwardRequest } from '../../core/forward.ts';
import { forwardKey } from '../../core/forward.ts';
import { Latch } from '../../core/lifecycle.ts';
import type { Log } from '../../core/log.ts';
import type { RouteName } from '../../core/names.ts';
import { ChannelTable } from './channel-table.ts';
import { sendDisconnect } from './disconnect.ts';
import { ChannelOpenError, type Channel, type Forward, type Origin } from './forward.ts';
import type { Heartbeat } from './heartbeat.ts';
import { internalsOf } from './ssh2-protocol.ts';

/** How long a peer may leave a full SSH socket unread before it is cut, in ticks of the heartbeat. */
const maxStuckTicks = 15;

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
  readonly onForwardEnd: (forward: Forward, reason: string) => void;
}

export interface NewForward {
  readonly request: ForwardRequest;
  readonly route: RouteName;
  readonly options: ForwardOptions;
  readonly access: Access;
  /** What the channel open must say; differs from the request where the gateway chose the port (`-R 0:`). */
  readonly target: ForwardRequest;
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
  readonly #forwards = new Map<string, TunnelForward>();
  readonly #ended = new Latch<string>();
  readonly #unwatch: () => void;
  #pingSentAt: number | undefined;
  #roundTripMs: number | undefined;

  constructor(connection: Connection, options: TunnelOptions) {
    this.#options = options;
    this.owner = options.owner;
    this.remoteAddress = options.remoteAddress;
    this.#socket = internalsOf(connection).socket;
    this.#table = new ChannelTable(connection, {
      maxChannels: options.maxChannels,
      openTimeoutMs: options.channelOpenTimeoutMs,
      onViolation: (reason) => {
        this.destroy(reason);
      },
      onFault: (err) => {
        options.log.error({ err, tunnelId: this.id }, 'channel failed inside the gateway');
      },
    });
    this.#watchReplies();
    this.#unwatch = options.heartbeat.watch({
      heard: () => this.#heard(),
      ping: () => {
        this.ping();
      },
      lost: () => {
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
  removeForward(target: ForwardRequest, reason: string): boolean {
    const key = forwardKey(target);
    const forward = this.#forwards.get(key);
    if (forward === undefined) return false;
    this.#forwards.delete(key);
    this.#end(forward, reason);
    return true;
  }

  /** Ends all forwards; the connection stays. */
  withdraw(reason: string): void {
    const forwards = [...this.#forwards.values()];
    this.#forwards.clear();
    for (const forward of forwards) this.#end(forward, reason);
  }

  /** Options that were given for the whole connection, after the forward was made. */
  changeForward(forward: Forward, options: ForwardOptions, access: Access): void {
    const own = [...this.#forwards.values()].find((each) => each === forward);
    own?.change(options, access);
  }

  openChannel(target: ForwardRequest, origin: Origin): Promise<Channel> {
    if (!this.live) return Promise.reject(new ChannelOpenError({ kind: 'gone' }));
    return this.#table.open(target, origin);
  }

  ping(): void {
    if (!this.live) return;
    this.#pingSentAt ??= performance.now();
    this.#table.protocol.ping();
  }

  /** Ends the tunnel politely: routes go at once, the peer is told, then the socket is closed. */
  close(reason: string): void {
    this.#finish(reason, () => {
      try {
        sendDisconnect(this.#table.protocol, reason);
      } catch {
        // The protocol had already failed; the socket goes anyway.
      }
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
      this.withdraw(reason);
      this.#table.abort(reason);
    } finally {
      release();
    }
  }

  #end(forward: TunnelForward, reason: string): void {
    if (forward.end(reason)) this.#options.onForwardEnd(forward, reason);
  }

  /** Every ping is answered, by REQUEST_FAILURE from those that do not know it; answers come in order. */
  #watchReplies(): void {
    const onReply = (): void => {
      if (this.#pingSentAt === undefined) return;
      this.#roundTripMs = performance.now() - this.#pingSentAt;
      this.#pingSentAt = undefined;
    };
    this.#table.protocol._handlers.REQUEST_SUCCESS = onReply;
    this.#table.protocol._handlers.REQUEST_FAILURE = onReply;
  }

  #heard(): boolean {
    this.#cutWhenStuck();
    return this.#table.takePacketCount() > 0;
  }

  /** A peer that talks but never reads would hold a full socket for ever. */
  #cutWhenStuck(): void {
    if (this.#table.sendQueue.stuckTicks() > maxStuckTicks) this.destroy('the peer stopped reading');
  }
}

class TunnelForward implements Forward {
  readonly id = randomUUID();
  readonly tunnelId: string;
  readonly owner: string;
  readonly route: RouteName;
  readonly request: ForwardRequest;
  readonly target: ForwardRequest;
  readonly #tunnel: Tunnel;
  readonly #ended = new Latch<string>();
  #options: ForwardOptions;
  #access: Access;
  #timer: NodeJS.Timeout | undefined;

  constructor(tunnel: Tunnel, forward: NewForward) {
    this.#tunnel = tunnel;
    this.target = forward.target;
    this.tunnelId = tunnel.id;
    this.owner = tunnel.owner;
    this.route = forward.route;
    this.request = forward.request;
    this.#options = forward.options;
    this.#access = forward.access;
    if (forward.options.ttlMs !== undefined) this.#expireAfter(forward.options.ttlMs);
  }

  get options(): ForwardOptions {
    return this.#options;
  }

  get access(): Access {
    return this.#access;
  }

  get live(): boolean {
    return !this.#ended.settled && this.#tunnel.live;
  }

  get closed(): Promise<string> {
    return this.#ended.promise;
  }

  openChannel(origin: Origin): Promise<Channel> {
    if (!this.live) return Promise.reject(new ChannelOpenError({ kind: 'gone' }));
    return this.#tunnel.openChannel(this.target, origin);
  }

  change(options: ForwardOptions, access: Access): void {
    const ttlChanged = options.ttlMs !== this.#options.ttlMs;
    this.#options = options;
    this.#access = access;
    if (!ttlChanged) return;
    clearTimeout(this.#timer);
    if (options.ttlMs !== undefined) this.#expireAfter(options.ttlMs);
  }

  /** False when it had ended before. */
  end(reason: string): boolean {
    clearTimeout(this.#timer);
    return this.#ended.settle(reason);
  }

  /** Node's timers hold at most 2^31-1 ms, so a long life is waited for in parts. */
  #expireAfter(ms: number): void {
    const part = Math.min(ms, 2 ** 30);
    this.#timer = setTimeout(() => {
      if (ms > part) this.#expireAfter(ms - part);
      else this.#tunnel.removeForward(this.target, 'its ttl is over');
    }, part).unref();
  }
}
