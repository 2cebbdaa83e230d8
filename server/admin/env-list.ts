import { formatDeadline, formatTime } from '../../core/moment.ts';
import type { EnvironmentView, ServiceView } from '../routing/resolution.ts';
import { answer, type Answer } from './answer.ts';
import { table } from './table.ts';

/** An environment name that is somebody's. */
export interface ClaimedName {
  readonly view: EnvironmentView;
  /** Milliseconds since the epoch; undefined while it is online. */
  readonly endsAt: number | undefined;
}

export interface ListFacts {
  /** Who asks. */
  readonly principal: string;
  readonly now: number;
  /** Those that are free again, too. */
  readonly all: boolean;
}

/** Names that are listed; of those that are offline, the ones that were seen last. */
const maxListed = 1000;
const maxToldServices = 8;
/** A fingerprint fits. */
const maxOwnerLength = 64;

/** What `env list` answers: the names, whose they are, and until when. */
export function environmentList(names: Iterable<ClaimedName>, facts: ListFacts): Answer {
  const { taken, free } = partition(names, facts.now);
  const wanted = facts.all ? [...taken, ...free] : taken;
  const listed = wanted.toSorted(byUse).slice(0, maxListed);
  const more = wanted.length - listed.length;
  const notes = [
    ...(more > 0 ? [`${String(more)} more, seen longer ago`] : []),
    ...(!facts.all && free.length > 0 ? [`${String(free.length)} more, free again: env list --all`] : []),
  ];
  const value = { environments: listed.map((name) => report(name, facts)), more };
  return answer(value, linesOf(listed, facts), notes);
}

function linesOf(listed: readonly ClaimedName[], facts: ListFacts): readonly string[] {
  if (listed.length === 0) return [facts.all ? 'no environment is known' : 'no name is taken'];
  const rows = listed.map((name) => [
    name.view.name,
    name.view.owner === facts.principal ? 'you' : ownerOf(name.view),
    name.view.state,
    claimWords(name, facts.now),
    servicesOf(name.view.services),
  ]);
  return table([['NAME', 'OWNER', 'STATE', 'CLAIMED UNTIL', 'SERVICES'], ...rows]);
}

/** One environment as `--json` tells it. */
export function report({ view, endsAt }: ClaimedName, { principal, now }: ListFacts): object {
  return {
    env: view.name,
    owner: view.owner,
    own: view.owner === principal,
    state: view.state,
    lastSeen: iso(view.lastSeenAt),
    claimedUntil: endsAt === undefined ? null : iso(endsAt),
    free: isFree(endsAt, now),
    services: view.services.map(({ route, access, state }) => ({
      service: route.service ?? null,
      port: route.port ?? null,
      access,
      state,
    })),
  };
}

function partition(
  names: Iterable<ClaimedName>,
  now: number,
): { taken: readonly ClaimedName[]; free: readonly ClaimedName[] } {
  const taken: ClaimedName[] = [];
  const free: ClaimedName[] = [];
  for (const name of names) (isFree(name.endsAt, now) ? free : taken).push(name);
  return { taken, free };
}

/** Those that are online first, by name; then those that were seen last. */
function byUse(a: ClaimedName, b: ClaimedName): number {
  if (a.endsAt === undefined && b.endsAt === undefined) return a.view.name < b.view.name ? -1 : 1;
  return (b.endsAt ?? Infinity) - (a.endsAt ?? Infinity);
}

function claimWords({ endsAt }: ClaimedName, now: number): string {
  if (endsAt === undefined) return 'online';
  return isFree(endsAt, now) ? `free since ${formatTime(endsAt)}` : formatDeadline(endsAt, now);
}

function isFree(endsAt: number | undefined, now: number): boolean {
  return endsAt !== undefined && endsAt < now;
}

function ownerOf({ owner }: EnvironmentView): string {
  return owner.length > maxOwnerLength ? `${owner.slice(0, maxOwnerLength - 1)}…` : owner;
}

function servicesOf(services: readonly ServiceView[]): string {
  const words = services.slice(0, maxToldServices).map(({ route }) => {
    const port = route.port === undefined ? '' : `:${String(route.port)}`;
    return route.service === undefined ? port || '(default)' : `${route.service}${port}`;
  });
  return [...words, ...(services.length > maxToldServices ? ['...'] : [])].join(' ') || '-';
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
