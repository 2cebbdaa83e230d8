import { parseOsUser } from './os-user.ts';
import { quote } from './quote.ts';
import type { SshConfigFacts, SshConfigProfile, SshConfigTarget } from './ssh-config-facts.ts';
import { isHostAlias, isUuid } from './ssh-config-value.ts';

/** One way to reach a target: what it is called, as whom, and with which key. */
export interface SshConfigHost {
  readonly target: SshConfigTarget;
  /** Each of them stands for one target only; its UUID comes on top, unless it is a profile's. */
  readonly aliases: readonly string[];
  readonly osUser: string | undefined;
  readonly identityFile: string | undefined;
  /** Beside the target's own. */
  readonly isProfile: boolean;
}

export interface SshConfigHosts {
  readonly hosts: readonly SshConfigHost[];
  readonly warnings: string[];
}

/**
 * Every target once, as the profile that was asked for says where it is about it, and then the other profiles, by their names. A name that is taken stays whose it
 * is: first the names of targets count, then those of profiles, then those of environments.
 */
export function sshConfigHosts(facts: SshConfigFacts, taken: ReadonlySet<string>): SshConfigHosts {
  const warnings: string[] = [];
  const targets = facts.targets.filter((target) => {
    const problem = targetProblem(target);
    if (problem !== undefined) warnings.push(`${quote(target.name)} is left out: ${problem}`);
    return problem === undefined;
  });
  const names = new Names(taken);
  const asked = facts.profiles.find(({ name }) => name === facts.profile);
  const own = new Map(targets.map((target) => [target, names.take(target.aliases.slice(0, 1))]));
  const askedNames = asked === undefined ? [] : names.take([asked.name]);
  const others = facts.profiles.filter((profile) => profile !== asked);
  const profiles = others.map((profile) => ({ profile, aliases: names.take([profile.name]) }));
  const hosts = targets.map((target): SshConfigHost => {
    const profile = asked?.target === target.id ? asked : undefined;
    const aliases = [
      ...(own.get(target) ?? []),
      ...(profile === undefined ? [] : askedNames),
      ...names.take(target.aliases.slice(1)),
    ];
    return { ...settings(target, profile), aliases, isProfile: false };
  });
  for (const { target } of hosts) warnings.push(...targetWarnings(target));
  warnings.push(
    ...names.refused.map(
      (name) =>
        `${quote(name)} means something else already: that machine has its UUID only, or another name`,
    ),
  );
  return { hosts: [...hosts, ...profileHosts(profiles, targets)], warnings };
}

function profileHosts(
  profiles: readonly { readonly profile: SshConfigProfile; readonly aliases: readonly string[] }[],
  targets: readonly SshConfigTarget[],
): SshConfigHost[] {
  return profiles.flatMap(({ profile, aliases }) => {
    const target = targets.find(({ id }) => id === profile.target);
    return target === undefined || aliases.length === 0
      ? []
      : [{ ...settings(target, profile), aliases, isProfile: true }];
  });
}

function settings(
  target: SshConfigTarget,
  profile: SshConfigProfile | undefined,
): Pick<SshConfigHost, 'target' | 'osUser' | 'identityFile'> {
  const osUser = profile?.osUser ?? target.osUser;
  return { target, osUser, identityFile: profile?.identityFile };
}

function targetProblem({ id, osUsers }: SshConfigTarget): string | undefined {
  if (!isUuid(id)) return `${quote(id)} is no UUID`;
  for (const user of osUsers) {
    const parsed = parseOsUser(user);
    if (!parsed.ok) return parsed.problem;
  }
  return undefined;
}

function targetWarnings({ name, hostKeys, unconfirmed }: SshConfigTarget): string[] {
  if (unconfirmed)
    return [
      `WARNING: the host keys of ${quote(name)} have changed, and nobody has confirmed that; ssh goes on to trust those from before only. Its owner looks, and says: porthole target trust`,
    ];
  return hostKeys.length === 0
    ? [
        `no host key of ${quote(name)} is known: ssh refuses to log in there until there is one (porthole connect --ssh, or porthole target create)`,
      ]
    : [];
}

/** Which names the file has so far. */
class Names {
  readonly refused: string[] = [];
  readonly #taken: Set<string>;

  constructor(taken: ReadonlySet<string>) {
    this.#taken = new Set([...taken].map((name) => name.toLowerCase()));
  }

  take(wanted: readonly string[]): string[] {
    return wanted.filter((name) => {
      const key = name.toLowerCase();
      const isFree = isHostAlias(name) && !this.#taken.has(key);
      if (isFree) this.#taken.add(key);
      else this.refused.push(name);
      return isFree;
    });
  }
}
