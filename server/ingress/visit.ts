import type { RouteName } from '../../core/names.ts';
import type { EnvResolution } from '../access/place-of.ts';
import type { Resolution } from '../routing/resolution.ts';
import type { ServiceState } from '../routing/state.ts';
import type { Forward } from '../tunnel/forward.ts';
import type { FailedCall } from './attempts.ts';
import type { Exchange, Subject } from './exchange.ts';
import type { Forwarded } from './forwarded.ts';
import type { Relay } from './relay.ts';
import type { RequestHead } from './request-head.ts';

/** One request on its way to an answer: what was understood of it, and what was decided so far. */
export interface Visit {
  readonly exchange: Exchange;
  readonly head: RequestHead;
  readonly forwarded: Forwarded;
  /** Cookies of the gateway's own, to set with the answer. */
  setCookies: readonly string[];
  /** What of the request was for the gateway: it stays here, whatever is decided later. */
  spent: 'authorization' | undefined;
  /** What of it takes its time to check was checked. */
  proved: boolean;
  /** It was tried, and that failed. */
  retrying: { readonly relay: Relay; readonly failed: FailedCall } | undefined;
}

export function newVisit(exchange: Exchange, head: RequestHead, forwarded: Forwarded): Visit {
  return {
    ...{ exchange, head, forwarded },
    ...{ setCookies: [], spent: undefined, proved: false, retrying: undefined },
  };
}

/** The state of what was asked for, and since when, as far as anything is known of it. */
export interface AskedState {
  readonly state: ServiceState | undefined;
  readonly sinceMs: number | undefined;
}

/** The same, of an environment that there is. */
export type KnownResolution = Exclude<EnvResolution, { kind: 'unknown' }>;

/** A forward of bytes that are not HTTP is for the gate. */
export function servesHttp(forward: Forward): boolean {
  return forward.options.scheme !== 'tcp' && forward.route.service !== 'ssh';
}

export function envOf(resolution: EnvResolution): string {
  return resolution.kind === 'unknown' ? resolution.env : resolution.environment.name;
}

export function routeOf(resolution: KnownResolution): RouteName {
  return resolution.kind === 'forward' ? resolution.forward.route : resolution.route;
}

export function subjectOf(resolution: EnvResolution): Subject {
  if (resolution.kind === 'unknown') {
    return { env: resolution.env, service: undefined, port: undefined, tunnelId: undefined };
  }
  const { service, port } = routeOf(resolution);
  const tunnelId = resolution.kind === 'forward' ? resolution.forward.tunnelId : undefined;
  return { env: resolution.environment.name, service, port, tunnelId };
}

export function stateOf(resolution: Resolution): AskedState {
  switch (resolution.kind) {
    case 'apex':
    case 'foreign':
    case 'unknown':
      return { state: undefined, sinceMs: undefined };
    case 'forward':
      return { state: resolution.state, sinceMs: sinceOf(resolution, resolution.forward.route) };
    case 'no-service':
      return { state: resolution.expired ? 'expired' : 'offline', sinceMs: undefined };
    case 'reconnecting':
      return { state: 'reconnecting', sinceMs: sinceOf(resolution, resolution.route) };
    case 'offline':
      return { state: resolution.state, sinceMs: resolution.sinceMs };
  }
}

function sinceOf({ environment }: KnownResolution, { service, port }: RouteName): number {
  const own = environment.services.find(({ route }) => route.service === service && route.port === port);
  return own?.sinceMs ?? environment.sinceMs;
}
