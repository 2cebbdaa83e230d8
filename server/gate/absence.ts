import type { GateAddress } from '../../core/gate-address.ts';
import { approximately, formatTime } from '../../core/moment.ts';
import type { EnvironmentView, ServiceView } from '../routing/resolution.ts';
import type { JumpRefusal } from '../targets/jump.ts';
import type { Destination } from './destination.ts';

/** Why nothing leads there at this moment. `reconnecting`: it was there a moment ago, and is expected back. */
export interface Absence {
  readonly kind: 'reconnecting' | 'gone';
  readonly refusal: JumpRefusal;
}

export interface AbsenceFacts {
  /** For how long a machine that went is expected back. */
  readonly holdMs: number;
  /** They may know what else there is. */
  readonly mayList: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const maxOffered = 12;

/** For somebody who may know of it. */
export function absenceOf(
  destination: Destination,
  view: EnvironmentView | undefined,
  facts: AbsenceFacts,
): Absence {
  const { address, target, env } = destination;
  const name = target?.name ?? env;
  const service = view === undefined ? undefined : serviceOf(address, view);
  if (isExpected(destination, { view, service }, facts))
    return { kind: 'reconnecting', refusal: offline(name, lastSeen(destination, view), facts.now) };
  if (view !== undefined && isOnline(view) && !destination.isExact) {
    const reason = `${name} is online, but offers no ${describe(address)}${facts.mayList ? `: ${offered(view)}` : ''}`;
    return { kind: 'gone', refusal: { code: 'ERR_SERVICE_UNKNOWN', reason } };
  }
  return { kind: 'gone', refusal: offline(name, lastSeen(destination, view), facts.now) };
}

function isExpected(
  { target, isExact }: Destination,
  { view, service }: { view: EnvironmentView | undefined; service: ServiceView | undefined },
  { now, holdMs }: AbsenceFacts,
): boolean {
  const state = service?.state ?? view?.state;
  if (state === 'reconnecting') return true;
  // Its tunnel may be back already, and what it says of itself is still to come.
  const seenAt = target?.lastSeenAt;
  return isExact && seenAt !== undefined && now - seenAt < holdMs;
}

/** What was offered there under that name. */
function serviceOf({ service, port }: GateAddress, { services }: EnvironmentView): ServiceView | undefined {
  const found = services.filter(({ route }) => route.service === service);
  return (
    found.find(({ route }) => route.port === port) ?? found.find(({ route }) => route.port === undefined)
  );
}

function isOnline({ state }: EnvironmentView): boolean {
  return state === 'ready' || state === 'degraded';
}

function lastSeen({ target, isExact }: Destination, view: EnvironmentView | undefined): number | undefined {
  return isExact || view === undefined ? target?.lastSeenAt : view.lastSeenAt;
}

function offline(name: string, seenAt: number | undefined, now: number): JumpRefusal {
  const seen =
    seenAt === undefined
      ? ' and was not seen yet'
      : ` since ${formatTime(seenAt)} (${approximately(Math.max(0, now - seenAt))} ago)`;
  return { code: 'ERR_TARGET_OFFLINE', reason: `${name} is offline${seen}` };
}

function describe({ service, port }: GateAddress): string {
  if (service === 'ssh') return 'SSH server (-R ssh:22:localhost:22, or porthole connect --ssh)';
  return service === undefined ? `port ${String(port)}` : `service ${service} at port ${String(port)}`;
}

/** As addresses for it are written. */
function offered({ name, services }: EnvironmentView): string {
  const all = services
    .filter(({ state }) => state === 'ready' || state === 'degraded')
    .map(({ route }) => {
      const host = route.service === undefined ? name : `${route.service}.${name}`;
      return `${host}:${String(route.port ?? (route.service === 'ssh' ? 22 : 80))}`;
    });
  const more = all.length > maxOffered ? ', ...' : '';
  return `there is ${all.slice(0, maxOffered).join(', ')}${more}`;
}
