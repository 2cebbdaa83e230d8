import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { fingerprint } from '../../core/fingerprint.ts';
import type { Parsed } from '../../core/forward.ts';
import { parseCertificateLine } from '../../core/ssh-certificate.ts';
import type { ClientConfig } from '../config-file.ts';
import { type HostKeyPolicy, parseFingerprint } from '../host-key.ts';
import { withCertificates } from '../certificates.ts';
import { certificateSources, findIdentities, type Identity } from '../identity.ts';
import { type OwnKey, ownKeyPath } from '../own-key.ts';
import { knownHostName, parseKnownHosts } from '../known-hosts.ts';
import type { GatewayAccess } from '../login.ts';
import type { Outcome } from '../outcome.ts';
import { defaultServer, parseServer, type ServerAddress } from '../server-url.ts';
import type { Surroundings } from '../surroundings.ts';
import { trustIn } from '../transport.ts';

/** The options of every command that talks to a gateway, with what `porthole.toml` and the environment say. */
export interface GatewayFlags {
  /** The configuration file as it was read; undefined when there is none. */
  readonly file?: ClientConfig;
  readonly server: string;
  readonly ca?: string;
  readonly knownHosts?: string;
  readonly hostKey?: readonly string[];
  readonly identity?: string;
  readonly certificate?: string;
}

/** A value, or how the command ends without it. */
export type Resolved<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly outcome: Outcome };

const systemKnownHosts = '/etc/ssh/ssh_known_hosts';
const maxUserBytes = 255;

export function addGatewayFlags(command: Command): Command {
  return command
    .option(
      '--server <url>',
      'the gateway: https://HOST[:PORT] (SSH in TLS) or ssh://HOST[:PORT] (env: PORTHOLE_SERVER)',
      defaultServer,
    )
    .option('--ca <file>', 'trust the certificates in this file, and no others (env: PORTHOLE_CA)')
    .option('--known-hosts <file>', 'check the host key of ssh:// by this file (default: ~/.ssh/known_hosts)')
    .option('--host-key <fingerprint>', 'accept only this host key (SHA256:...); may be repeated', collect)
    .option(
      '-i, --identity <file>',
      'the SSH key to log in with (default: the SSH agent, ~/.ssh/id_*, or a key of its own) (env: PORTHOLE_IDENTITY)',
    )
    .option(
      '--certificate <file>',
      'a certificate for one of the keys (default: the one beside the key, KEY-cert.pub, or in the SSH agent) (env: PORTHOLE_CERTIFICATE)',
    )
    .option(
      '--config <file>',
      'the configuration (default: porthole.toml here or above) (env: PORTHOLE_CONFIG)',
    );
}

export async function gatewayAccess(
  flags: GatewayFlags,
  user: string,
  around: Surroundings,
  onKeyMade?: (key: OwnKey) => void,
): Promise<Resolved<GatewayAccess>> {
  const place = gatewayPlace(flags, user, around);
  if (!place.ok) return place;
  const identities = await gatewayIdentities(flags, around, onKeyMade);
  if (!identities.ok) return { ok: false, outcome: { kind: 'refused', reason: identities.problem } };
  const problem = certificateProblem(flags.certificate, identities.value);
  if (problem !== undefined) return usage(problem);
  const certificates = certificateSources(identityPlaces(flags, around), flags.certificate);
  return { ok: true, value: { ...place.value, identities: identities.value, certificates } };
}

/** What is wrong with the certificate that was named; those that are only found may be wrong. */
function certificateProblem(file: string | undefined, identities: readonly Identity[]): string | undefined {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return `cannot read the certificate ${file}: ${(error as Error).message}`;
  }
  const parsed = parseCertificateLine(text);
  if (!parsed.ok) return `the certificate ${file} cannot be used: ${parsed.problem}`;
  const print = fingerprint(parsed.value.subject.blob);
  return identities.some((identity) => identity.fingerprint === print)
    ? undefined
    : `the certificate ${file} is for the key ${print}, which is not here: name it with --identity FILE`;
}

/** All that it takes but the keys. */
export function gatewayPlace(
  flags: GatewayFlags,
  user: string,
  around: Pick<Surroundings, 'home'>,
): Resolved<Omit<GatewayAccess, 'identities'>> {
  const server = parseServer(flags.server);
  if (!server.ok) return usage(server.problem);
  const userProblem = checkUser(user);
  if (userProblem !== undefined) return usage(userProblem);
  const hostKey = hostKeyPolicy(flags, server.value, around.home);
  if (!hostKey.ok) return usage(hostKey.problem);
  const trust =
    server.value.transport === 'tls' ? readTrust(flags.ca) : ({ ok: true, value: undefined } as const);
  if (!trust.ok) return usage(trust.problem);
  return {
    ok: true,
    value: { server: server.value, user, hostKey: hostKey.value, trust: trust.value },
  };
}

/** The keys to log in with. One is made only where somebody wants to hear of it. */
export function gatewayIdentities(
  flags: GatewayFlags,
  around: Surroundings,
  onKeyMade?: (key: OwnKey) => void,
): Promise<Parsed<Identity[]>> {
  return findIdentities({
    ...identityPlaces(flags, around),
    onKeyMade,
    askPassphrase: around.askPassphrase,
  });
}

/** The same, with the certificates that are there for them now. */
export async function offeredIdentities(
  flags: GatewayFlags,
  around: Surroundings,
): Promise<Parsed<readonly Identity[]>> {
  const keys = await gatewayIdentities(flags, around);
  if (!keys.ok) return keys;
  const sources = certificateSources(identityPlaces(flags, around), flags.certificate);
  return { ok: true, value: await withCertificates(keys.value, sources, Date.now()) };
}

function identityPlaces(flags: GatewayFlags, around: Surroundings) {
  return {
    file: flags.identity,
    agentSocket: around.env['SSH_AUTH_SOCK'],
    home: around.home,
    ownKeyFile: ownKeyPath(around.env, around.home),
  };
}

function usage(reason: string): { ok: false; outcome: Outcome } {
  return { ok: false, outcome: { kind: 'usage', reason } };
}

function checkUser(user: string): string | undefined {
  if (user === '') return 'the environment name is empty';
  if (Buffer.byteLength(user) > maxUserBytes)
    return `the environment name is longer than ${maxUserBytes} bytes`;
  return /\p{Cc}/u.test(user) ? 'the environment name has control characters in it' : undefined;
}

/** What `--ca` says; without it, what everybody trusts. */
export function readTrust(file: string | undefined): Parsed<GatewayAccess['trust']> {
  try {
    return { ok: true, value: trustIn(file === undefined ? undefined : readFileSync(file, 'utf8')) };
  } catch (error) {
    return { ok: false, problem: `cannot use the CA file ${file ?? ''}: ${(error as Error).message}` };
  }
}

function hostKeyPolicy(flags: GatewayFlags, server: ServerAddress, home: string): Parsed<HostKeyPolicy> {
  if (flags.hostKey !== undefined) return pinnedHostKey(flags.hostKey);
  if (server.transport === 'tls') return { ok: true, value: { kind: 'proven-by-tls' } };
  const file = flags.knownHosts ?? join(home, '.ssh', 'known_hosts');
  try {
    // The file that was named must be there; the usual ones may be absent.
    const texts =
      flags.knownHosts === undefined
        ? [readIfPresent(file), readIfPresent(systemKnownHosts)]
        : [readFileSync(file, 'utf8')];
    const name = knownHostName(server.host, server.port);
    return { ok: true, value: { kind: 'known-hosts', entries: texts.flatMap(parseKnownHosts), name, file } };
  } catch (error) {
    return { ok: false, problem: `cannot read the known hosts: ${(error as Error).message}` };
  }
}

function pinnedHostKey(texts: readonly string[]): Parsed<HostKeyPolicy> {
  const fingerprints: string[] = [];
  for (const text of texts) {
    const fingerprint = parseFingerprint(text);
    if (fingerprint === undefined) {
      return {
        ok: false,
        problem: `--host-key ${text}: a fingerprint looks like SHA256:... (as \`ssh-keygen -l\` prints it)`,
      };
    }
    fingerprints.push(fingerprint);
  }
  return { ok: true, value: { kind: 'pinned', fingerprints } };
}

function readIfPresent(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function collect(value: string, earlier: readonly string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}
