import type { Access } from '../../core/forward.ts';
import type { RouteName } from '../../core/names.ts';
import type { Resolution } from '../routing/resolution.ts';
import type { Forward } from '../tunnel/forward.ts';
import type { CallFailure } from './call.ts';
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
  /** It was sent once, and that failed. */
  retrying: { readonly relay: Relay; readonly forward: Forward; readonly failure: CallFailure } | undefined;
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
