import { parseLabel } from '../../core/names.ts';
import type { RouteName } from '../../core/names.ts';
import type { EnvironmentView, Resolution } from '../routing/resolution.ts';
import type { Place } from './viewer.ts';

/** What the router says of a host that stands for a route. */
export type EnvResolution = Exclude<Resolution, { kind: 'apex' | 'foreign' }>;

/** The place that a host's resolution is. `label` tells the service where nothing is known of it. */
export function placeOf(resolution: EnvResolution, label?: string): Place {
  switch (resolution.kind) {
    case 'unknown':
      return nowhere(resolution.env, label);
    case 'forward': {
      const { forward, environment } = resolution;
      return {
        env: environment.name,
        service: forward.route.service,
        access: forward.access,
        owner: environment.owner,
        from: forward.options.from,
      };
    }
    default: {
      const { environment, route } = resolution;
      return {
        env: environment.name,
        service: route.service,
        access: environment.access,
        owner: environment.owner,
        from: knownFrom(environment, route),
      };
    }
  }
}

/** Of a service that is not known: from wherever one of the others may be visited. */
function knownFrom({ services }: EnvironmentView, asked: RouteName): string | undefined {
  const own = services.find(({ route }) => route.service === asked.service && route.port === asked.port);
  const lists = (own === undefined ? services : [own]).map(({ from }) => from);
  const given = lists.filter((from) => from !== undefined);
  return given.length === 0 || given.length < lists.length ? undefined : [...new Set(given)].join(',');
}

/** What is not there: nobody's, and closed. */
export function nowhere(env: string, label?: string): Place {
  const service = label === undefined ? undefined : parseLabel(label)?.service;
  return { env, service, access: 'private', owner: undefined, from: undefined };
}
