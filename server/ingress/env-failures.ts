import { formatLabel } from '../../core/names.ts';
import type { RouteName } from '../../core/names.ts';
import type { EnvironmentView } from '../routing/resolution.ts';
import type { PublicAddress } from './dependencies.ts';
import type { Failure } from './error-answer.ts';
import { originOf, routeHostname } from './sites.ts';

const offlineRetrySeconds = 5;

/** The one answer for an environment that is not there and for one that this visitor must not know of. */
export const unknownEnv: Failure = {
  code: 'ERR_ENV_UNKNOWN',
  reason: 'There is no such preview here, or it is private and needs its share link.',
};

export const busyEnv: Failure = { code: 'ERR_BUSY', retryAfterSeconds: 1 };

export function offlineEnv(environment: EnvironmentView): Failure {
  const lastSeen = new Date(environment.lastSeenAt).toISOString();
  return {
    code: 'ERR_ENV_OFFLINE',
    reason: `The preview ${environment.name} is offline at the moment.`,
    retryAfterSeconds: offlineRetrySeconds,
    facts: [{ field: 'lastSeen', label: 'Last seen', value: lastSeen }],
    waits: true,
  };
}

export interface ServiceFailureOptions {
  /** May see the private services too. */
  readonly seesAll: boolean;
  readonly domain: string;
  readonly publicAddress: PublicAddress;
}

/** Lists what the environment offers to this visitor. */
export function unknownService(
  environment: EnvironmentView,
  route: RouteName,
  { seesAll, domain, publicAddress }: ServiceFailureOptions,
): Failure {
  const visible = environment.services.filter(
    (each) => each.route.service !== 'ssh' && (seesAll || each.access === 'public'),
  );
  const services = visible.map((each) => ({
    name: formatLabel(each.route),
    url: `${originOf(routeHostname(each.route, domain), publicAddress)}/`,
  }));
  return {
    code: 'ERR_SERVICE_UNKNOWN',
    reason: `The preview ${environment.name} has no ${describe(route)}.`,
    next: services.length === 0 ? 'It offers nothing else either.' : 'It offers these:',
    services,
  };
}

function describe({ service, port }: RouteName): string {
  const name = service === undefined ? 'default service' : `service ${service}`;
  return port === undefined ? name : `${name} on port ${port}`;
}
