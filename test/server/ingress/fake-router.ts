import { matchHost } from '../../../core/names.ts';
import type { EnvironmentView, Resolution, Router } from '../../../server/routing/resolution.ts';
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
    options.signal?.addEventListener('abort', () => resolve(this.resolve(host)));
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

  /** The route is served by this forward. */
  serve(label: string, forward: Forward, standby?: Forward): void {
    const environment = environmentView({
      access: forward.access,
      services: [{ route: forward.route, access: forward.access }],
    });
    this.routes.set(label, { kind: 'forward', environment, forward, standby });
  }
}

export function environmentView(change: Partial<EnvironmentView> = {}): EnvironmentView {
  return {
    name: 'pr-1',
    owner: 'ann',
    lastSeenAt: 1_700_000_000_000,
    services: [],
    access: 'public',
    ...change,
  };
}
