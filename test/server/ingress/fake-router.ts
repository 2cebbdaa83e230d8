import { matchHost } from '../../../core/names.ts';
import type { EnvironmentView, Resolution, Router, ServiceView } from '../../../server/routing/resolution.ts';
import type { Forward } from '../../../server/tunnel/forward.ts';

export const domain = 'preview.test';

/** The routing table of a test: hosts are labels of `domain`. */
export class FakeRouter implements Router {
  readonly routes = new Map<string, Resolution>();
  readonly holds: {
    host: string;
    ms: number;
    untilReady: boolean;
    signal: AbortSignal | undefined;
    settle: (result: Resolution | 'full') => void;
  }[] = [];
  #held: (() => void)[] = [];

  resolve(host: string): Resolution {
    const match = matchHost(host, domain);
    if (match.kind === 'apex') return { kind: 'apex' };
    if (match.kind !== 'label') return { kind: 'foreign' };
    return this.routes.get(match.label) ?? { kind: 'unknown', env: match.route.env };
  }

  hold(
    host: string,
    options: { ms: number; signal?: AbortSignal; untilReady?: boolean },
  ): Promise<Resolution | 'full'> {
    const { promise, resolve } = Promise.withResolvers<Resolution | 'full'>();
    const over = (): void => resolve(this.resolve(host));
    const timer = setTimeout(over, options.ms);
    void promise.then(() => clearTimeout(timer));
    options.signal?.addEventListener('abort', over);
    this.holds.push({
      host,
      ms: options.ms,
      untilReady: options.untilReady === true,
      signal: options.signal,
      settle: resolve,
    });
    for (const told of this.#held.splice(0)) told();
    return promise;
  }

  /** Settles with the next request that is held. */
  held(): Promise<void> {
    return new Promise((resolve) => void this.#held.push(resolve));
  }

  /** The route is this from now on, and those who wait for it are told. */
  change(label: string, resolution: Resolution): void {
    this.routes.set(label, resolution);
    for (const { settle } of this.holds) settle(resolution);
  }

  /** The route is served by this forward. */
  serve(label: string, forward: Forward, standby?: Forward): void {
    const environment = environmentView({
      access: forward.access,
      services: [serviceView({ route: forward.route, access: forward.access })],
    });
    this.routes.set(label, { kind: 'forward', environment, forward, state: 'ready', standby });
  }
}

export function serviceView(view: Pick<ServiceView, 'route' | 'access'> & Partial<ServiceView>): ServiceView {
  return { state: 'ready', sinceMs: 1_700_000_000_000, detail: undefined, ...view };
}

export function environmentView(change: Partial<EnvironmentView> = {}): EnvironmentView {
  return {
    name: 'pr-1',
    owner: 'ann',
    state: 'ready',
    sinceMs: 1_700_000_000_000,
    lastSeenAt: 1_700_000_000_000,
    services: [],
    access: 'public',
    ...change,
  };
}
