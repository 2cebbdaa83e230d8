import { randomUUID } from 'node:crypto';
import type { Access, ForwardOptions, ForwardRequest } from '../../core/forward.ts';
import { Latch } from '../../core/lifecycle.ts';
import type { RouteName } from '../../core/names.ts';
import type { Channel, Forward, ForwardEnding, Origin } from './forward.ts';

export interface NewForward {
  readonly request: ForwardRequest;
  readonly route: RouteName;
  readonly options: ForwardOptions;
  readonly access: Access;
  /** What the channel open must say; differs from the request where the gateway chose the port (`-R 0:`). */
  readonly target: ForwardRequest;
}

/** The tunnel as its forwards see it. */
export interface ForwardCarrier {
  readonly id: string;
  readonly owner: string;
  readonly live: boolean;
  readonly draining: boolean;
  readonly silentMs: number;
  openChannel(forward: Forward, target: ForwardRequest, origin: Origin): Promise<Channel>;
  removeForward(target: ForwardRequest, ending: ForwardEnding): boolean;
}

/** A forward of a tunnel: live as long as both are. */
export class TunnelForward implements Forward {
  readonly id = randomUUID();
  readonly tunnelId: string;
  readonly owner: string;
  readonly route: RouteName;
  readonly request: ForwardRequest;
  readonly target: ForwardRequest;
  readonly load = { requests: 0 };
  readonly #tunnel: ForwardCarrier;
  readonly #ended = new Latch<string>();
  #options: ForwardOptions;
  #access: Access;
  #timer: NodeJS.Timeout | undefined;

  constructor(tunnel: ForwardCarrier, forward: NewForward) {
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

  get draining(): boolean {
    return this.#tunnel.draining;
  }

  get silentMs(): number {
    return this.#tunnel.silentMs;
  }

  get closed(): Promise<string> {
    return this.#ended.promise;
  }

  openChannel(origin: Origin): Promise<Channel> {
    return this.#tunnel.openChannel(this, this.target, origin);
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
      else this.#tunnel.removeForward(this.target, { kind: 'expired', reason: 'its ttl is over' });
    }, part).unref();
  }
}
