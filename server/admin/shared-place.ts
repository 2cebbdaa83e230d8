import { serviceSlug, type RouteName } from '../../core/names.ts';
import { quote } from '../../core/quote.ts';
import type { EnvironmentView } from '../routing/resolution.ts';
import { failed, type Answer, type Call } from './answer.ts';
import { mayDecide, ownedEnvironment, type OwnedEnvironmentServices } from './owned-environment.ts';

/** What something is given out for: an environment, or one service of it. */
export interface SharedPlace {
  readonly env: string;
  /** Undefined for all of the environment. */
  readonly service: string | undefined;
  readonly owner: string;
  /** The host to send people to. */
  readonly route: RouteName;
  /** What whoever gives it out should know. */
  readonly notes: readonly string[];
}

const maxToldServices = 8;

/** Reads `ENV` or `ENV/SERVICE` of somebody who may decide about it. A branch name with slashes in it is an environment's, if there is one. */
export function sharedPlace(
  call: Pick<Call<unknown>, 'caller' | 'now'>,
  services: OwnedEnvironmentServices,
  { place, action }: { readonly place: string; readonly action: string },
): SharedPlace | Answer {
  const { env, service } = split(place, call, services);
  const wrong = service === undefined ? undefined : serviceProblem(service);
  if (wrong !== undefined) return failed(wrong);
  const view = ownedEnvironment(call, services, { env, action });
  if (!('name' in view)) return view;
  const name = service === undefined ? undefined : serviceSlug(service, view.name, undefined);
  return {
    env: view.name,
    service: name,
    owner: view.owner,
    route: routeFor(view, name),
    notes: notesOf(view, name),
  };
}

/** `pr-42`, `pr-42/web`. */
export function placeName({
  env,
  service,
}: {
  readonly env: string;
  readonly service: string | undefined;
}): string {
  return service === undefined ? env : `${env}/${service}`;
}

function split(
  place: string,
  { caller: { identity } }: Pick<Call<unknown>, 'caller'>,
  { environments, envNameOf }: OwnedEnvironmentServices,
): { env: string; service: string | undefined } {
  const at = place.lastIndexOf('/');
  const whole = { env: place, service: undefined };
  if (at === -1) return whole;
  const view = environments.view(envNameOf(identity, place));
  if (view !== undefined && mayDecide(identity, { env: view.name, owner: view.owner })) return whole;
  return { env: place.slice(0, at), service: place.slice(at + 1) };
}

function serviceProblem(service: string): string | undefined {
  if (service === '') return 'the name of a service is missing after the slash';
  const [, name, port] = /^(.*):(\d+)$/u.exec(service) ?? [];
  if (port !== undefined)
    return `${quote(service)}: what opens a service opens it on all of its ports: leave :${port} out${name === '' ? ', and name the service' : ''}`;
  return service === 'ssh' ? 'ssh is not visited by browsers: it is reached with a key' : undefined;
}

/** The service itself, else what there is on some port of it; of a whole environment its default service, else the first that there is. */
function routeFor({ name: env, services }: EnvironmentView, service: string | undefined): RouteName {
  const routes = services.map(({ route }) => route).filter((route) => route.service !== 'ssh');
  const plain = { env, service, port: undefined };
  const fitting = routes.filter((route) => route.service === service);
  if (fitting.length === 0) return service === undefined ? (routes[0] ?? plain) : plain;
  return fitting.find(({ port }) => port === undefined) ?? fitting[0] ?? plain;
}

function notesOf({ name: env, services, state }: EnvironmentView, service: string | undefined): string[] {
  const offered = services.filter(({ route }) => route.service !== 'ssh');
  const opened = service === undefined ? offered : offered.filter(({ route }) => route.service === service);
  const notes: string[] = [];
  if (opened.length === 0 && service !== undefined)
    notes.push(`${env} has no service ${service} now${whatThereIs(offered)}`);
  if (opened.length > 0 && opened.every(({ access }) => access === 'public'))
    notes.push(`${placeName({ env, service })} is public: everybody may see it, with this or without`);
  if (state === 'offline' || state === 'expired') notes.push(`${env} is offline at the moment`);
  return notes;
}

function whatThereIs(offered: EnvironmentView['services']): string {
  const names = [...new Set(offered.flatMap(({ route }) => route.service ?? []))];
  if (names.length === 0) return '';
  const more = names.length > maxToldServices ? ' ...' : '';
  return `; it has ${names.slice(0, maxToldServices).join(', ')}${more}`;
}
