import { formatLabel } from '../../core/names.ts';
import type { RouteName } from '../../core/names.ts';
import type { EnvironmentView, Resolution } from '../routing/resolution.ts';
import type { PublicAddress } from './dependencies.ts';
import type { Failure } from './failure.ts';
import { originOf, routeHostname } from './sites.ts';
import { clockWords } from './time-words.ts';

const offlineRetrySeconds = 5;
const reconnectingRetrySeconds = 1;
const expiredRetrySeconds = 60;
const unknownServiceRetrySeconds = 5;

/** The one answer for an environment that is not there and for one that this visitor must not know of. */
export const unknownEnv: Failure = {
  code: 'ERR_ENV_UNKNOWN',
  reason: 'There is no such preview here, or it is not for you.',
};

/** The same, to those who may wait for what is not there yet. */
export const unknownYet: Failure = {
  ...unknownEnv,
  reason: 'There is no such preview here, or it is private.',
  waitsUntil: 'it is there',
};

/** It has as many requests in flight as it may. */
export const busyEnv: Failure = { code: 'ERR_BUSY', retryAfterSeconds: 1 };

/** This process takes no tunnels any more; its successor, or another gateway, does. */
export const drainingGateway: Failure = {
  code: 'ERR_DRAINING',
  retryAfterSeconds: 1,
  waitsUntil: 'it is back',
};

/** As many requests wait for it as may. */
export const tooManyWait: Failure = {
  code: 'ERR_BUSY',
  reason: 'Too many requests are waiting for this environment already.',
  retryAfterSeconds: 2,
  waitsUntil: 'it is back',
};

/** What a visitor may see of an environment, and how its addresses are written. */
export interface Sight {
  /** May see the private services too. */
  readonly seesAll: boolean;
  readonly domain: string;
  readonly publicAddress: PublicAddress;
}

type Gone = Extract<Resolution, { kind: 'reconnecting' | 'offline' }>;

/** Its tunnel is gone: for how long, and whether it is expected back. */
export function goneEnv(resolution: Gone, nowMs: number): Failure {
  const { environment } = resolution;
  const state = resolution.kind === 'offline' ? resolution.state : 'reconnecting';
  const sinceMs = resolution.kind === 'offline' ? resolution.sinceMs : environment.sinceMs;
  const since = clockWords(sinceMs, nowMs);
  const { name, lastSeenAt } = environment;
  return {
    ...goneAs[state](name, since),
    code: 'ERR_ENV_OFFLINE',
    state,
    sinceMs,
    lastSeenAt,
    waitsUntil: 'it is back',
  };
}

const goneAs: Record<
  'reconnecting' | 'offline' | 'expired',
  (name: string, since: string) => Required<Pick<Failure, 'reason' | 'next' | 'retryAfterSeconds'>>
> = {
  reconnecting: (name) => ({
    reason: `The preview ${name} is reconnecting.`,
    next: 'Its machine was connected a moment ago, and is expected back at any time.',
    retryAfterSeconds: reconnectingRetrySeconds,
  }),
  offline: (name, since) => ({
    reason: `The preview ${name} has been offline since ${since}.`,
    next: 'It is served again as soon as its machine reconnects; whoever started it can start it again.',
    retryAfterSeconds: offlineRetrySeconds,
  }),
  expired: (name, since) => ({
    reason: `The preview ${name} has been gone since ${since}: its time was over.`,
    next: 'Whoever started it can start it again, with a longer ttl if it is to stay longer.',
    retryAfterSeconds: expiredRetrySeconds,
  }),
};

/** It is offered, but not to browsers; lists what is. */
export function notHttp(
  { environment, forward }: Extract<Resolution, { kind: 'forward' }>,
  sight: Sight,
): Failure {
  const services = servicesSeen(environment, sight);
  return {
    code: 'ERR_SERVICE_UNKNOWN',
    reason: `The ${describe(forward.route)} of the preview ${environment.name} does not speak HTTP.`,
    next: 'It is reached through SSH, not with a browser.',
    services,
  };
}

/** The environment is online without the service; lists what it offers to this visitor. */
export function unknownService(
  { environment, route, expired }: Pick<NoService, 'environment' | 'route' | 'expired'>,
  sight: Sight,
): Failure {
  const { name } = environment;
  const services = servicesSeen(environment, sight);
  return {
    code: 'ERR_SERVICE_UNKNOWN',
    reason: expired
      ? `The ${describe(route)} of the preview ${name} has expired: its time was over.`
      : `The preview ${name} has no ${describe(route)}.`,
    next:
      services.length === 0
        ? 'It offers nothing else either; a forward for it brings it here.'
        : 'Check the name, or start a forward for it; these are there:',
    state: expired ? 'expired' : 'offline',
    retryAfterSeconds: unknownServiceRetrySeconds,
    services,
    waitsUntil: 'the service is there',
  };
}

type NoService = Extract<Resolution, { kind: 'no-service' }>;

function servicesSeen(
  environment: EnvironmentView,
  { seesAll, domain, publicAddress }: Sight,
): { name: string; url: string }[] {
  const visible = environment.services.filter(
    ({ route, access, state }) =>
      route.service !== 'ssh' &&
      (seesAll || access === 'public') &&
      state !== 'offline' &&
      state !== 'expired',
  );
  return visible.map(({ route }) => ({
    name: formatLabel(route),
    url: `${originOf(routeHostname(route, domain), publicAddress)}/`,
  }));
}

function describe({ service, port }: RouteName): string {
  const name = service === undefined ? 'default service' : `service ${service}`;
  return port === undefined ? name : `${name} on port ${port}`;
}
