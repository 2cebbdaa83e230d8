import type { Access } from '../../core/forward.ts';
import type { RouteName } from '../../core/names.ts';
import type { Identity } from '../identity/identity.ts';
import type { EnvironmentView, ServiceView } from '../routing/resolution.ts';
import type { ServiceState } from '../routing/state.ts';
import type { Forward } from '../tunnel/forward.ts';

/** What the registry knows of environments. */
export interface EnvironmentViews {
  view(env: string): EnvironmentView | undefined;
  /** All of them, or those of one owner. */
  views(owner?: string): Iterable<EnvironmentView>;
}

/** A tunnel as `status` shows it. */
export interface LiveTunnel {
  readonly id: string;
  readonly remoteAddress: string;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  readonly roundTripMs: number | undefined;
  readonly draining: boolean;
  readonly forwards: readonly Forward[];
}

/** One environment as `status` tells it. Times are in ISO 8601. */
export interface EnvironmentReport {
  readonly env: string;
  readonly owner: string;
  readonly state: ServiceState;
  readonly since: string;
  readonly lastSeen: string;
  readonly services: readonly ServiceReport[];
  readonly tunnels: readonly TunnelReport[];
}

export interface ServiceReport {
  readonly service: string | null;
  readonly port: number | null;
  readonly url: string;
  readonly access: Access;
  /** The networks from which it may be visited; not there for any. */
  readonly from?: string;
  readonly state: ServiceState;
  readonly since: string;
  /** Why it is degraded. */
  readonly reason?: string;
  /** A link that opens a private service, for whoever has it. */
  readonly shareUrl?: string;
}

export interface TunnelReport {
  readonly id: string;
  readonly remote: string;
  readonly since: string;
  readonly roundTripMs: number | null;
  readonly draining: boolean;
  /** How many services of the environment it offers. */
  readonly forwards: number;
}

export interface VisibleEnvironmentsOptions {
  /** Who asks. */
  readonly identity: Pick<Identity, 'principal' | 'role'>;
  readonly views: EnvironmentViews;
  readonly tunnels: () => readonly LiveTunnel[];
  readonly urls: {
    urlOf(route: RouteName): string;
    shareUrlOf(route: RouteName, owner: string): string | undefined;
  };
}

/** Environments that are listed; of those that are gone, the ones that were seen last. */
const maxListed = 256;

/** The environments that one principal may see: its own, or all of them for an administrator. */
export class VisibleEnvironments {
  readonly #options: VisibleEnvironmentsOptions;

  constructor(options: VisibleEnvironmentsOptions) {
    this.#options = options;
  }

  /** Undefined for one that is not known, and for somebody else's alike. */
  named(env: string): EnvironmentReport | undefined {
    const view = this.#options.views.view(env);
    if (view === undefined || !this.#sees(view)) return undefined;
    return this.#report(view, tunnelsByEnv(this.#options.tunnels()));
  }

  /** Those that are online first, by name. */
  all(): { readonly reports: readonly EnvironmentReport[]; readonly more: number } {
    const { views, identity } = this.#options;
    const visible = firstOf(views.views(identity.role === 'admin' ? undefined : identity.principal));
    const tunnels = tunnelsByEnv(this.#options.tunnels());
    const reports = visible.views.map((view) => this.#report(view, tunnels));
    return { reports, more: visible.total - reports.length };
  }

  #sees({ owner }: EnvironmentView): boolean {
    const { role, principal } = this.#options.identity;
    return role === 'admin' || owner === principal;
  }

  #report(view: EnvironmentView, tunnels: ReadonlyMap<string, readonly LiveTunnel[]>): EnvironmentReport {
    const own = tunnels.get(view.name) ?? [];
    return {
      env: view.name,
      owner: view.owner,
      state: view.state,
      since: time(view.sinceMs),
      lastSeen: time(view.lastSeenAt),
      services: view.services.map((service) => this.#service(service, view.owner, own)),
      tunnels: own.map((tunnel) => tunnelReport(tunnel, view.name)),
    };
  }

  #service(view: ServiceView, owner: string, tunnels: readonly LiveTunnel[]): ServiceReport {
    const { route, access, from, state, sinceMs, detail } = view;
    const { urls } = this.#options;
    const isPrivate = access !== 'public' && servesHttp(route, tunnels);
    const shareUrl = isPrivate ? urls.shareUrlOf(route, owner) : undefined;
    return {
      service: route.service ?? null,
      port: route.port ?? null,
      url: urls.urlOf(route),
      access,
      ...(from !== undefined && { from }),
      state,
      since: time(sinceMs),
      ...(detail !== undefined && { reason: detail }),
      ...(shareUrl !== undefined && { shareUrl }),
    };
  }
}

/** There may be very many that are gone: they come with the longest gone first, so that the last ones are kept. */
function firstOf(all: Iterable<EnvironmentView>): { views: readonly EnvironmentView[]; total: number } {
  const online: EnvironmentView[] = [];
  let gone: EnvironmentView[] = [];
  let total = 0;
  for (const view of all) {
    total += 1;
    (isOnline(view) ? online : gone).push(view);
    if (gone.length > 2 * maxListed) gone = gone.slice(-maxListed);
  }
  online.sort((a, b) => (a.name < b.name ? -1 : 1));
  gone.sort((a, b) => b.lastSeenAt - a.lastSeenAt);
  return { views: [...online, ...gone].slice(0, maxListed), total };
}

function isOnline({ state }: EnvironmentView): boolean {
  return state !== 'offline' && state !== 'expired';
}

function tunnelsByEnv(tunnels: readonly LiveTunnel[]): Map<string, LiveTunnel[]> {
  const byEnv = new Map<string, LiveTunnel[]>();
  for (const tunnel of tunnels) {
    for (const env of new Set(tunnel.forwards.map((forward) => forward.route.env))) {
      const others = byEnv.get(env);
      if (others === undefined) byEnv.set(env, [tunnel]);
      else others.push(tunnel);
    }
  }
  return byEnv;
}

/** The newest forward counts; of a service that is gone only its name tells. */
function servesHttp(route: RouteName, tunnels: readonly LiveTunnel[]): boolean {
  const offered = tunnels
    .flatMap((tunnel) => tunnel.forwards)
    .findLast(
      (forward) =>
        forward.route.env === route.env &&
        forward.route.service === route.service &&
        forward.route.port === route.port,
    );
  return offered === undefined ? route.service !== 'ssh' : offered.options.scheme !== 'tcp';
}

function tunnelReport(tunnel: LiveTunnel, env: string): TunnelReport {
  const { id, remoteAddress, openedAt, roundTripMs, draining, forwards } = tunnel;
  return {
    id,
    remote: remoteAddress,
    since: time(openedAt),
    roundTripMs: roundTripMs === undefined ? null : tenths(roundTripMs),
    draining,
    forwards: forwards.filter((forward) => forward.route.env === env).length,
  };
}

/** Milliseconds as people and programs are told them. */
export function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
