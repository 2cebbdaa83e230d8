import type { Access } from '../../core/forward.ts';
import type { RouteName } from '../../core/names.ts';
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
  /** A cookie of the gateway's own, to set with the answer. */
  setCookie: string | undefined;
  /** It was tried, and that failed. */
  retrying: { readonly relay: Relay; readonly failed: FailedCall } | undefined;
}

/** The state of what was asked for, and since when, as far as anything is known of it. */
export interface AskedState {
  readonly state: ServiceState | undefined;
  readonly sinceMs: number | undefined;
}

/** What the router says of a host that stands for a route. */
export type EnvResolution = Exclude<Resolution, { kind: 'apex' | 'foreign' }>;
/** The same, of an environment that there is. */
export type KnownResolution = Exclude<EnvResolution, { kind: 'unknown' }>;

/** A forward of bytes that are not HTTP is for the gate. */
export function servesHttp(forward: Forward): boolean {
  return forward.options.scheme !== 'tcp' && forward.route.service !== 'ssh';
}

/** Of what is asked for; what is not there is as closed as can be. */
export function accessOf(resolution: EnvResolution): Access {
  switch (resolution.kind) {
    case 'unknown':
      return 'private';
    case 'forward':
      return resolution.forward.access;
    default:
      return resolution.environment.access;
  }
}

/** What access is asked to. */
export interface Place {
  readonly env: string;
  readonly access: Access;
  /** The principal that owns the environment; undefined when nobody does. */
  readonly owner: string | undefined;
}

export function placeOf(resolution: EnvResolution): Place {
  const owner = resolution.kind === 'unknown' ? undefined : resolution.environment.owner;
  return { env: envOf(resolution), access: accessOf(resolution), owner };
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
