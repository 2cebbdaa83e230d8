import { problem, type Parsed } from './parsed.ts';
import { quote } from './quote.ts';
import type { SshConfigFacts, SshConfigGate, SshConfigTarget } from './ssh-config-facts.ts';
import { sshConfigHosts, type SshConfigHost } from './ssh-config-hosts.ts';
import {
  certificateOptions,
  identityOptions,
  jumpOptions,
  knownHostsLines,
  trustOptions,
  userOptions,
  type ConfigOption,
  type SshCertificate,
} from './ssh-config-options.ts';
import { isGateName, isHostName } from './ssh-config-value.ts';
import { tlsProxyCommand } from './tls-proxy-command.ts';

/** The name by which the file knows the gate: no target can have it. */
export const gateAlias = 'porthole-gate';

/** How and where the file is used. Paths are absolute, but for those that begin with `~/`. */
export interface SshConfigOptions {
  /** The key to log in with, at the gate and at every target that no profile names another for; else ssh's own choice. */
  readonly identityFile?: string | undefined;
  /** SSH inside TLS, on the same port; the certificates in the file are trusted, else what openssl trusts. */
  readonly tls?: { readonly caFile?: string | undefined } | undefined;
  /** Where the lines of `sshConfigKnownHosts` are kept; else the file has them in itself. */
  readonly knownHostsFile?: string | undefined;
  /** Where the file is going to be, for `ssh -F`; of one that is printed nobody knows, and one that `~/.ssh/config` includes needs none. */
  readonly configFile?: string | undefined;
  /** Names that mean something else where the file is used. */
  readonly taken?: ReadonlySet<string> | undefined;
  /** The certificates by which a user gets into a target that takes them; without a user, whoever it is that ssh makes of that. */
  readonly certificates?:
    ((target: SshConfigTarget, osUser: string | undefined) => readonly SshCertificate[]) | undefined;
}

export interface SshConfig {
  readonly lines: readonly string[];
  /** What is not as it should be, for whoever made the file. */
  readonly warnings: readonly string[];
}

const keepAlive: ConfigOption = ['ServerAliveInterval', '15'];

/**
 * An ssh_config(5) with which `ssh -F FILE NAME` reaches each of the machines at once: by the gate, with pinned host keys, without a question. For OpenSSH 8.5
 * and later. Every value has been looked at before it is written: what could be read as anything else is refused, not escaped.
 */
export function sshConfig(facts: SshConfigFacts, options: SshConfigOptions = {}): Parsed<SshConfig> {
  const gate = gateBlock(facts.gate, options);
  if (!gate.ok) return gate;
  const { hosts, warnings } = sshConfigHosts(facts, new Set([gateAlias, ...(options.taken ?? [])]));
  const blocks: (readonly string[])[] = [headOf(facts, hosts), gate.value];
  for (const host of hosts) {
    const written = targetBlocks(host, options);
    const name = host.aliases[0] ?? host.target.id;
    if (!written.ok) warnings.push(`${name} is left out: ${written.problem}`);
    blocks.push(...(written.ok ? written.value : [[`# ${name} is left out: ${written.problem}`]]));
  }
  // A profile beside its target's own block may have the same certificate.
  const distinct = [...new Map(blocks.map((block) => [block.join('\n'), block])).values()];
  return { ok: true, value: { lines: distinct.flatMap((block) => [...block, '']).slice(0, -1), warnings } };
}

/** The lines for a known_hosts file: the pinned keys of the gate and of every target. */
export function sshConfigKnownHosts({ gate, targets }: SshConfigFacts): string[] {
  return [
    ...knownHostsLines(gateAlias, gate.hostKeys),
    ...targets.flatMap(({ id, hostKeys }) => knownHostsLines(id, hostKeys)),
  ];
}

function headOf({ gate }: SshConfigFacts, hosts: readonly SshConfigHost[]): string[] {
  const first = hosts.find(({ aliases }) => aliases.length > 0)?.aliases[0] ?? hosts[0]?.target.id;
  const about =
    first === undefined
      ? '# There is no machine that you may reach.'
      : `# Such as: ssh -F THIS_FILE ${first}`;
  return [`# Made by Porthole: machines behind ${gate.host}, for OpenSSH 8.5 and later.`, about];
}

function gateBlock(gate: SshConfigGate, options: SshConfigOptions): Parsed<string[]> {
  const { name, host, port, hostKeys } = gate;
  if (!isHostName(host)) return problem(`the host of the gate, ${quote(host)}, is no host name`);
  if (!isGateName(name)) return problem(`the name of the gate, ${quote(name)}, is none`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    return problem(`the port of the gate, ${String(port)}, is none`);
  if (knownHostsLines(gateAlias, hostKeys).length === 0)
    return problem('the host key of the gate is not known');
  const proxy = proxyOptions(gate, options.tls);
  if (!proxy.ok) return proxy;
  const identity = identityOptions(options.identityFile);
  if (!identity.ok) return identity;
  const trust = trustOptions(gateAlias, hostKeys, options.knownHostsFile);
  if (!trust.ok) return trust;
  return {
    ok: true,
    value: hostBlock(
      [gateAlias],
      [
        ['HostName', host],
        ['Port', String(port)],
        ['User', name],
        ...proxy.value,
        ['PreferredAuthentications', 'publickey'],
        ['ForwardAgent', 'no'],
        ...identity.value,
        keepAlive,
        ...trust.value,
      ],
    ),
  };
}

function proxyOptions(
  { host, port }: SshConfigGate,
  tls: SshConfigOptions['tls'],
): Parsed<readonly ConfigOption[]> {
  if (tls === undefined) return { ok: true, value: [] };
  const { caFile } = tls;
  if (caFile !== undefined && /[\p{C}\p{Zl}\p{Zp}]/u.test(caFile))
    return problem(`the path ${quote(caFile)} has control characters in it`);
  return { ok: true, value: [['ProxyCommand', tlsProxyCommand({ host, port, caFile })]] };
}

function targetBlocks(host: SshConfigHost, options: SshConfigOptions): Parsed<(readonly string[])[]> {
  const { target, osUser, aliases } = host;
  const user = userOptions(osUser);
  if (!user.ok) return user;
  const identity = identityOptions(host.identityFile ?? options.identityFile);
  if (!identity.ok) return identity;
  const jump = jumpOptions(gateAlias, options.configFile);
  if (!jump.ok) return jump;
  const trust = trustOptions(target.id, target.hostKeys, options.knownHostsFile);
  if (!trust.ok) return trust;
  const certificates = target.takesCertificates ? (options.certificates?.(target, osUser) ?? []) : [];
  const shown = certificateOptions(target.id, certificates);
  if (!shown.ok) return shown;
  const own = hostBlock(
    [...aliases, ...(host.isProfile ? [] : [target.id])],
    [
      ['HostName', target.id],
      ['Port', '22'],
      ...user.value,
      ...jump.value,
      ...identity.value,
      ...shown.value.options,
      keepAlive,
      ...trust.value,
    ],
  );
  return { ok: true, value: [[...aboutTarget(target), ...own], ...shown.value.blocks] };
}

function aboutTarget({ id, hostKeys, unconfirmed }: SshConfigTarget): string[] {
  if (unconfirmed)
    return [
      `# WARNING: the host keys of ${id} have changed. Those from before are pinned; ssh refuses others.`,
    ];
  return hostKeys.length === 0 ? [`# No host key of ${id} is known: ssh refuses whatever it shows.`] : [];
}

function hostBlock(names: readonly string[], options: readonly ConfigOption[]): string[] {
  return [`Host ${names.join(' ')}`, ...options.map(([keyword, value]) => `  ${keyword} ${value}`)];
}
