import { lowerCaseAscii } from '../../core/slug.ts';
import type {
  SshConfigEnvironment,
  SshConfigFacts,
  SshConfigGate,
  SshConfigProfile,
  SshConfigTarget,
} from '../../core/ssh-config-facts.ts';
import type { EnvironmentView } from '../routing/resolution.ts';
import type { ReachDecision } from '../targets/reach.ts';
import { findTarget, targetAddressed } from '../targets/target-names.ts';
import type { GateRecord, ProfileRecord, TargetRecord } from '../targets/target-record.ts';
import type { Call } from './answer.ts';
import type { GateServices } from './gate-services.ts';

export type SshConfigServices = Pick<
  GateServices,
  'book' | 'reach' | 'environments' | 'envNameOf' | 'gateway'
>;

/** What a text means to whoever asked: machines, or an environment that offers none. */
export interface Meant {
  readonly targets: readonly TargetRecord[];
  readonly environment: EnvironmentView | undefined;
}

/** What one caller's ssh_config says, as far as they may reach it by one gate. */
export class SshConfigView {
  readonly #services: SshConfigServices;
  readonly #call: Call<unknown>;

  constructor(services: SshConfigServices, call: Call<unknown>) {
    this.#services = services;
    this.#call = call;
  }

  /** A target's name or UUID, or the environment that it is of; a name that belongs to an environment never means somebody else's machine. */
  meant(text: string): Meant {
    const { book, environments, envNameOf } = this.#services;
    const { identity } = this.#call.caller;
    const addressed = targetAddressed(book, lowerCaseAscii(text), (env) => this.#ownerOf(env));
    if (addressed !== undefined)
      return { targets: [addressed], environment: environments.view(addressed.env) };
    const environment =
      environments.view(lowerCaseAscii(text)) ?? environments.view(envNameOf(identity, text));
    if (environment !== undefined) {
      const { name, owner } = environment;
      return { targets: book.targetsOf(name).filter((target) => target.owner === owner), environment };
    }
    const target = findTarget(book, text);
    return { targets: target === undefined ? [] : [target], environment: undefined };
  }

  decide(gate: GateRecord, target: TargetRecord): ReachDecision {
    const { env } = target;
    const owner = this.#ownerOf(env) ?? target.owner;
    return this.#ask(gate, { env, owner, service: 'ssh', target: target.id });
  }

  /** What of an environment's services the caller may reach, of those that are there now. */
  offered(gate: GateRecord, { name: env, owner, services }: EnvironmentView): SshConfigEnvironment {
    const isThere = ({ state }: EnvironmentView['services'][number]): boolean =>
      state === 'ready' || state === 'degraded';
    const routes = services.filter(isThere).map(({ route }) => route);
    const reached = routes.filter(
      ({ service }) => this.#ask(gate, { env, owner, service, target: undefined }).kind === 'allowed',
    );
    return {
      env,
      services: reached.map(({ service, port }) => ({
        ...(service !== undefined && { service }),
        ...(port !== undefined && { port }),
      })),
    };
  }

  /** Whether anything of an environment is open to the caller, or would be if it were online. */
  opens(gate: GateRecord, { name: env, owner, services }: EnvironmentView): boolean {
    const names = new Set([undefined, 'ssh', ...services.map(({ route }) => route.service)]);
    return [...names].some(
      (service) => this.#ask(gate, { env, owner, service, target: undefined }).kind === 'allowed',
    );
  }

  facts(
    gate: GateRecord,
    targets: readonly TargetRecord[],
    asked: { readonly environment: EnvironmentView | undefined; readonly profile: ProfileRecord | undefined },
  ): SshConfigFacts {
    const { environment, profile } = asked;
    const mine = this.#services.book.profilesOf(this.#call.caller.identity.principal);
    return {
      gate: this.#gate(gate),
      targets: targets.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((target) => this.#target(target)),
      profiles: mine.filter((each) => targets.some(({ id }) => id === each.target)).map(profileFacts),
      ...(profile !== undefined && { profile: profile.name }),
      environments: environment === undefined ? [] : [this.offered(gate, environment)],
    };
  }

  #ask(
    gate: GateRecord,
    what: Pick<Parameters<GateServices['reach']['decide']>[0], 'env' | 'owner' | 'service' | 'target'>,
  ): ReachDecision {
    const { caller, now } = this.#call;
    return this.#services.reach.decide({ identity: caller.identity, user: gate.name, ...what, now });
  }

  #gate({ name, host, port }: GateRecord): SshConfigGate {
    const own = this.#services.gateway();
    return {
      name,
      host: host ?? own.host,
      port: port ?? own.port,
      ownAddress: host === undefined && port === undefined,
      hostKeys: [own.hostKey.split(' ').slice(0, 2).join(' ')],
    };
  }

  #target(target: TargetRecord): SshConfigTarget {
    const { id, name, env, osUser, hostKeys, unconfirmed, takesCertificates, osUsers } = target;
    return {
      id,
      name,
      aliases: this.#aliases(target),
      env,
      ...(osUser !== undefined && { osUser }),
      hostKeys: hostKeys.map((line) => line.split(' ').slice(0, 2).join(' ')),
      unconfirmed: unconfirmed !== undefined,
      takesCertificates,
      osUsers,
    };
  }

  /** Its environment's name, where that means this machine and no other. */
  #aliases({ name, env, owner }: TargetRecord): readonly string[] {
    const { book } = this.#services;
    const nameOwner = this.#ownerOf(name);
    const own = nameOwner === undefined || nameOwner === owner ? [name] : [];
    const others = book.targetsOf(env).filter((target) => target.owner === owner);
    const meansEnv =
      env !== name &&
      others.length === 1 &&
      book.targetNamed(env) === undefined &&
      (this.#ownerOf(env) ?? owner) === owner;
    return meansEnv ? [...own, env] : own;
  }

  #ownerOf(env: string): string | undefined {
    return this.#services.environments.view(env)?.owner;
  }
}

function profileFacts({ name, target, osUser, identityFile }: ProfileRecord): SshConfigProfile {
  return {
    name,
    target,
    ...(osUser !== undefined && { osUser }),
    ...(identityFile !== undefined && { identityFile }),
  };
}
