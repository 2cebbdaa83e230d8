import { Latch } from '../../core/lifecycle.ts';
import type { Access, ForwardOptions } from '../../core/forward.ts';
import { ChannelOpenError, type Channel, type Forward } from '../../server/tunnel/forward.ts';

export interface FakeForwardOptions {
  readonly env?: string;
  readonly service?: string | undefined;
  readonly port?: number | undefined;
  readonly owner?: string;
  readonly tunnelId?: string;
  readonly access?: Access;
  readonly options?: ForwardOptions;
  readonly openChannel?: Forward['openChannel'];
}

/** A live forward without a tunnel; its channels are what the test says. */
export class FakeForward implements Forward {
  static #count = 0;
  readonly id: string;
  readonly tunnelId: string;
  readonly owner: string;
  readonly route: Forward['route'];
  readonly request: Forward['request'];
  options: ForwardOptions;
  access: Access;
  draining = false;
  silentMs = 0;
  readonly load = { requests: 0 };
  readonly #ended = new Latch<string>();
  readonly #openChannel: Forward['openChannel'];

  constructor(options: FakeForwardOptions = {}) {
    FakeForward.#count += 1;
    this.id = `forward-${String(FakeForward.#count)}`;
    this.tunnelId = options.tunnelId ?? `tunnel-${String(FakeForward.#count)}`;
    this.owner = options.owner ?? 'owner';
    const { env = 'pr-1', service = 'web', port } = options;
    this.route = { env, service: 'service' in options ? options.service : service, port };
    this.request = { kind: 'tcpip', bindAddr: service, bindPort: port ?? 80 };
    this.options = options.options ?? {};
    this.access = options.access ?? 'private';
    this.#openChannel = options.openChannel ?? (() => Promise.reject(new ChannelOpenError({ kind: 'gone' })));
  }

  get live(): boolean {
    return !this.#ended.settled;
  }

  get closed(): Promise<string> {
    return this.#ended.promise;
  }

  openChannel(origin: Parameters<Forward['openChannel']>[0]): Promise<Channel> {
    return this.#openChannel(origin);
  }

  end(reason = 'ended by the test'): void {
    this.#ended.settle(reason);
  }
}
