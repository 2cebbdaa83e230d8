import { Agent } from 'node:http';
import type { ClientRequest, RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import { ChannelOpenError } from '../tunnel/forward.ts';
import type { Origin } from '../tunnel/forward.ts';

export interface ChannelAgentOptions {
  /** Opens a byte stream to the upstream. */
  open(origin: Origin): Promise<Duplex>;
  /** Idle channels that are kept. */
  readonly maxIdle: number;
  /** For how long: shorter than what common servers wait, so that they are rarely the first to close. */
  readonly idleMs: number;
}

/** What a request says to the agent, on top of Node's options. */
export interface ChannelRequestOptions extends RequestOptions {
  readonly origin: Origin;
  /** How long a channel may have been idle to be good enough; 0 asks for a new one. */
  readonly maxIdleMs: number;
}

/** The contract between Node's client requests and their agent, which Node's types leave out. */
interface AgentRequest extends ClientRequest {
  onSocket(socket: Duplex | null, error?: Error): void;
}

interface PooledChannel {
  readonly channel: Duplex & { _httpMessage?: unknown };
  idleSince: number;
  keepMs: number;
  idle: boolean;
}

/**
 * The pool of channels of one forward, as an agent of Node's HTTP client: its "sockets" are channels of the tunnel. The one
 * that was used last is taken first. Nothing can ever be dialled through it.
 */
export class ChannelAgent extends Agent {
  readonly #options: ChannelAgentOptions;
  /** In the order in which they became idle. */
  readonly #idle: PooledChannel[] = [];
  readonly #all = new Map<Duplex, PooledChannel>();
  #sweep: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ChannelAgentOptions) {
    super({ keepAlive: true });
    this.#options = options;
  }

  get idleCount(): number {
    return this.#idle.length;
  }

  /** Called by Node for each request: gives it a channel, now or later. */
  addRequest(request: AgentRequest, options: ChannelRequestOptions): void {
    const pooled = this.#take(options.maxIdleMs);
    if (pooled !== undefined) {
      request.reusedSocket = true;
      request.onSocket(pooled.channel);
      return;
    }
    this.#options.open(options.origin).then(
      (channel) => this.#opened(channel, request),
      (error: unknown) => request.onSocket(null, error as Error),
    );
  }

  /** The upstream keeps the connection for so long only. */
  keepFor(channel: Duplex, ms: number): void {
    const pooled = this.#all.get(channel);
    // A second for the way there.
    if (pooled !== undefined) pooled.keepMs = Math.min(this.#options.idleMs, ms - 1000);
  }

  /** Never used, as `addRequest` opens channels: what Node's own would do is dial an address of this very machine. */
  override createConnection(): never {
    throw new Error('the ingress dials nothing');
  }

  /** Takes no more requests and keeps no channels; those that are in use go on, each to the end of its request. */
  retire(): void {
    this.#closed = true;
    clearTimeout(this.#sweep);
    for (const { channel } of [...this.#idle]) channel.destroy();
  }

  override destroy(): void {
    this.retire();
    for (const channel of [...this.#all.keys()]) channel.destroy();
  }

  #take(maxIdleMs: number): PooledChannel | undefined {
    for (;;) {
      const pooled = this.#idle.at(-1);
      if (pooled === undefined) return undefined;
      const idleMs = performance.now() - pooled.idleSince;
      if (idleMs < pooled.keepMs && !pooled.channel.destroyed) {
        // Of those below, none is fresher.
        if (idleMs >= maxIdleMs) return undefined;
        this.#idle.pop();
        pooled.idle = false;
        pooled.channel.off('data', onUnexpectedData);
        return pooled;
      }
      this.#idle.pop();
      pooled.channel.destroy();
    }
  }

  #opened(channel: Duplex, request: AgentRequest): void {
    channel.on('error', () => {});
    if (this.#closed) {
      channel.destroy();
      request.onSocket(null, new ChannelOpenError({ kind: 'gone' }));
      return;
    }
    const pooled = { channel, idleSince: 0, keepMs: this.#options.idleMs, idle: false };
    this.#all.set(channel, pooled);
    channel
      .on('free', () => this.#release(pooled))
      .on('agentRemove', () => this.#forget(pooled))
      .on('close', () => this.#forget(pooled))
      .on('end', () => {
        if (pooled.idle) channel.destroy();
      });
    // Its visitor may have left meanwhile.
    if (request.destroyed) this.#release(pooled);
    else request.onSocket(channel);
  }

  #release(pooled: PooledChannel): void {
    const { channel } = pooled;
    channel._httpMessage = null;
    if (pooled.idle) return;
    const usable = channel.writable && channel.readable && !this.#closed && pooled.keepMs > 0;
    if (!usable || this.#idle.length >= this.#options.maxIdle) {
      channel.destroy();
      return;
    }
    pooled.idle = true;
    pooled.idleSince = performance.now();
    channel.on('data', onUnexpectedData);
    this.#idle.push(pooled);
    this.#sweep ??= this.#startSweep();
  }

  #forget(pooled: PooledChannel): void {
    this.#all.delete(pooled.channel);
    if (!pooled.idle) return;
    pooled.idle = false;
    const index = this.#idle.indexOf(pooled);
    if (index !== -1) this.#idle.splice(index, 1);
  }

  #startSweep(): NodeJS.Timeout {
    return setTimeout(() => this.#closeStale(), this.#options.idleMs).unref();
  }

  #closeStale(): void {
    const now = performance.now();
    for (const pooled of this.#idle.filter((each) => now - each.idleSince >= each.keepMs))
      pooled.channel.destroy();
    this.#sweep = this.#idle.length === 0 ? undefined : this.#startSweep();
  }
}

/** What comes on an idle channel would be taken for the answer to the next request. */
function onUnexpectedData(this: Duplex): void {
  this.destroy();
}
