import { meansForward, type GateAddress } from '../../core/gate-address.ts';
import { serviceSlug } from '../../core/names.ts';
import { lowerCaseAscii } from '../../core/slug.ts';
import type { Identity } from '../identity/identity.ts';
import type { EnvironmentView } from '../routing/resolution.ts';
import type { TargetPresence } from '../targets/presence.ts';
import type { TargetBook } from '../targets/target-book.ts';
import { isTargetId, targetAddressed } from '../targets/target-names.ts';
import type { TargetRecord } from '../targets/target-record.ts';
import type { Forward } from '../tunnel/forward.ts';

/** What is known of machines and of what leads to them at this moment. */
export interface Machines {
  readonly book: Pick<TargetBook, 'target' | 'targetNamed' | 'targetsOf'>;
  readonly presence: Pick<TargetPresence, 'targetOf'>;
  readonly registry: {
    view(env: string): EnvironmentView | undefined;
    /** Those that are live, the best first. */
    forwardsOf(env: string): readonly Forward[];
  };
  readonly envNameOf: (identity: Identity, text: string) => string;
}

/** What an address means at this moment, whether or not it is there. */
export interface Destination {
  readonly address: GateAddress;
  readonly env: string;
  /** The principal that the environment belongs to. */
  readonly owner: string | undefined;
  /** The machine, if it is that which was named. */
  readonly target: TargetRecord | undefined;
  /** Only a tunnel over which the target has reported itself will do. */
  readonly isExact: boolean;
}

export function findDestination(address: GateAddress, identity: Identity, machines: Machines): Destination {
  const { book, registry } = machines;
  const name = lowerCaseAscii(address.name);
  const ownerOf = (env: string): string | undefined => registry.view(env)?.owner;
  const target = targetAddressed(book, name, ownerOf);
  if (target === undefined) {
    const env = registry.view(name) === undefined ? machines.envNameOf(identity, address.name) : name;
    return { address, env, owner: ownerOf(env), target, isExact: false };
  }
  // Whoever names an environment means whatever machine it has, also one that does not say which it is.
  const isEnvironment = !isTargetId(name) && target.env === name;
  const isExact = target.origin === 'reported' && !isEnvironment;
  return { address, env: target.env, owner: ownerOf(target.env), target, isExact };
}

/** The live forwards that lead there, in the order in which they are tried. */
export function forwardsTo(destination: Destination, machines: Machines): readonly Forward[] {
  const { address, env, owner, target, isExact } = destination;
  const found = machines.registry.forwardsOf(env).filter((forward) => forward.owner === owner);
  const exactly = found.filter((forward) => meaning(address, forward) === 'exactly');
  const loosely = found.filter((forward) => meaning(address, forward) === 'loosely');
  const all = [...exactly, ...loosely];
  if (target === undefined) return all;
  const { presence } = machines;
  const own = all.filter(({ tunnelId }) => presence.targetOf(tunnelId) === target.id);
  if (isExact || (own.length > 0 && address.service === 'ssh')) return own;
  return [...own, ...all.filter(({ tunnelId }) => presence.targetOf(tunnelId) === undefined)];
}

/** The machine at the end of a forward, as far as it is known which one it is. `named`: the one that was asked for. */
export function machineOf(
  { route, owner, tunnelId }: Pick<Forward, 'route' | 'owner' | 'tunnelId'>,
  { book, presence }: Pick<Machines, 'book' | 'presence'>,
  named?: TargetRecord,
): TargetRecord | undefined {
  const reported = presence.targetOf(tunnelId);
  if (reported !== undefined) return book.target(reported);
  if (named?.origin === 'added') return named;
  const added = book.targetsOf(route.env).filter((each) => each.origin === 'added' && each.owner === owner);
  return added.length === 1 ? added[0] : undefined;
}

function meaning(address: GateAddress, forward: Forward): ReturnType<typeof meansForward> {
  return meansForward(address, spelling(address, forward.route), forward);
}

/** The name of the service as a forward of it would be called. */
function spelling({ service }: GateAddress, route: Forward['route']): string | undefined {
  return service === undefined ? undefined : serviceSlug(service, route.env, route.port);
}
