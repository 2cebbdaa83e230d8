import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { parseOsUser } from '../../core/os-user.ts';
import { gateAlias, sshConfig, sshConfigKnownHosts } from '../../core/ssh-config.ts';
import type { SshConfigFacts, SshConfigTarget } from '../../core/ssh-config-facts.ts';
import { configPath } from '../../core/ssh-config-value.ts';
import type { SshConnection } from '../connection.ts';
import type { GatewayAccess } from '../login.ts';
import type { Outcome } from '../outcome.ts';
import { runInTerminal } from '../run-in-terminal.ts';
import { askInLogin, askSshConfigFacts, type Answered } from '../ssh-config/ask-facts.ts';
import { certificatePath, fetchCertificate } from '../ssh-config/target-certificate.ts';
import type { Surroundings } from '../surroundings.ts';
import { addGatewayFlags, gatewayAccess } from './gateway-flags.ts';
import { identityFileOf, tlsOf, userConfigOf, type SshConfigFlags } from './ssh-config-flags.ts';

const examples = `
Examples:
  porthole ssh pr-42
  porthole ssh pr-42 -- uname -a
  porthole ssh pr-42 -- -L 5432:localhost:5432 -N

Its exit status is that of ssh: of the command there, 255 when ssh itself failed.`;

/** How the command ended: as a command of this program, or with the status of the ssh that it ran. */
type Ended = { readonly outcome: Outcome } | { readonly status: number };

export function sshCommand(
  around: Surroundings,
  end: (outcome: Outcome) => void,
  endWith: (status: number) => void,
): Command {
  const command = new Command('ssh')
    .summary('log in to a machine with stock ssh')
    .description(
      'Runs stock ssh with all that it takes to reach a machine: nothing is installed, nothing is left.',
    )
    .usage('[options] TARGET [-- ARGS...]')
    .argument('<target>', 'the machine: its name, its UUID, or its environment')
    .argument('[args...]', 'for ssh: options, and a command to run there')
    .option('--os-user <user>', 'whom to log in as')
    .option('--profile <profile>', 'as this profile of yours says')
    .option('--gate <gate>', 'by this gate')
    .option('--tls', 'SSH inside TLS by way of openssl (as with --server tls://HOST)');
  return addGatewayFlags(command)
    .addHelpText('after', examples)
    .action(async (target: string, args: string[], flags: SshConfigFlags) => {
      const ended = await run({ target, args }, flags, around);
      if ('status' in ended) endWith(ended.status);
      else end(ended.outcome);
    });
}

async function run(
  { target, args }: { readonly target: string; readonly args: readonly string[] },
  flags: SshConfigFlags,
  around: Surroundings,
): Promise<Ended> {
  if (flags.osUser !== undefined) {
    const user = parseOsUser(flags.osUser);
    if (!user.ok) return { outcome: { kind: 'usage', reason: user.problem } };
  }
  const access = await gatewayAccess(flags, around.userName, around);
  if (!access.ok) return { outcome: access.outcome };
  const folder = mkdtempSync(join(tmpdir(), 'porthole-ssh-'));
  try {
    const prepared = await prepare({ target, flags, access: access.value, folder, around });
    if (!prepared.ok) return { outcome: prepared.outcome };
    const user = flags.osUser === undefined ? [] : ['-l', flags.osUser];
    const words = ['-F', join(folder, 'config'), ...user, prepared.value, ...args];
    const ran = await runInTerminal('ssh', words, around.env);
    return ran.ok ? { status: ran.value } : { outcome: { kind: 'failed', reason: ran.problem } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Preparing {
  readonly target: string;
  readonly flags: SshConfigFlags;
  readonly access: GatewayAccess;
  /** Private, and gone afterwards. */
  readonly folder: string;
  readonly around: Surroundings;
}

/** Writes the configuration, and gives the name that ssh is to be told. */
function prepare({ target, flags, access, folder, around }: Preparing): Promise<Answered<string>> {
  const { profile, gate } = flags;
  return askInLogin(access, async (connection) => {
    const facts = await askSshConfigFacts(connection, { target, profile, gate }, access.server);
    if (!facts.ok) return facts;
    const only = theOne(facts.value, target);
    if (!only.ok) return only;
    const osUser = osUserOf(only.value, facts.value, flags) ?? around.userName;
    const file = await certificateFor(connection, only.value, { osUser, folder, around });
    const identityFile = identityFileOf(flags, connection, around);
    const written = writeConfig(
      { ...facts.value, targets: [only.value] },
      { file, identityFile },
      { flags, folder, around },
    );
    return written === undefined
      ? { ok: true, value: only.value.aliases.find((name) => name !== gateAlias) ?? only.value.id }
      : { ok: false, outcome: written };
  });
}

/** An environment may have several machines. */
function theOne({ targets, environments }: SshConfigFacts, text: string): Answered<SshConfigTarget> {
  const [only, ...others] = targets;
  const named = targets.find(({ name }) => name === text.toLowerCase());
  const found = named ?? (others.length === 0 ? only : undefined);
  if (found !== undefined) return { ok: true, value: found };
  const env = environments[0]?.env ?? text;
  return {
    ok: false,
    outcome:
      only === undefined
        ? {
            kind: 'failed',
            reason: `${env} has told the host keys of no SSH server: porthole connect --ssh on the machine does it, or porthole target create`,
          }
        : {
            kind: 'usage',
            reason: `${env} has several machines: ${targets.map(({ name }) => name).join(', ')}`,
          },
  };
}

function osUserOf(
  { id, osUser }: SshConfigTarget,
  { profiles, profile }: SshConfigFacts,
  flags: SshConfigFlags,
): string | undefined {
  const asked = profiles.find(({ name, target }) => name === profile && target === id);
  return flags.osUser ?? asked?.osUser ?? osUser;
}

/** Without one, ssh tries what keys there are. */
async function certificateFor(
  connection: SshConnection,
  { id, takesCertificates }: SshConfigTarget,
  {
    osUser,
    folder,
    around,
  }: { readonly osUser: string; readonly folder: string; readonly around: Surroundings },
): Promise<string | undefined> {
  if (!takesCertificates || !parseOsUser(osUser).ok) return undefined;
  const file = certificatePath(folder, id, osUser);
  const fetched = await fetchCertificate(connection, { target: id, osUser, file });
  if (fetched.ok) return file;
  around.err(`porthole: no certificate for ${osUser}: ${fetched.problem}`);
  return undefined;
}

/** Gives why not. After what is ours comes what the user has for every host. */
function writeConfig(
  facts: SshConfigFacts,
  { file, identityFile }: { readonly file: string | undefined; readonly identityFile: string | undefined },
  { flags, folder, around }: Pick<Preparing, 'flags' | 'folder' | 'around'>,
): Outcome | undefined {
  const knownHostsFile = join(folder, 'known_hosts');
  const config = sshConfig(facts, {
    identityFile,
    knownHostsFile,
    tls: tlsOf(flags, around),
    configFile: join(folder, 'config'),
    certificates: () => (file === undefined ? [] : [{ file }]),
  });
  if (!config.ok) return { kind: 'failed', reason: config.problem };
  for (const warning of config.value.warnings) around.err(`porthole: ${warning}`);
  const lines = [...config.value.lines, ...includingUsers(around)];
  writeFileSync(knownHostsFile, `${sshConfigKnownHosts(facts).join('\n')}\n`, { mode: 0o600, flag: 'wx' });
  writeFileSync(join(folder, 'config'), `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
  return undefined;
}

function includingUsers(around: Surroundings): string[] {
  const users = userConfigOf(around);
  const path = users === undefined || /[*?[\]\\]/.test(users) ? undefined : configPath(users);
  return path?.ok === true ? ['', 'Match all', `  Include ${path.value}`] : [];
}
