import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { sshConfig, sshConfigKnownHosts, type SshConfigOptions } from '../../core/ssh-config.ts';
import type { SshConfigFacts } from '../../core/ssh-config-facts.ts';
import { replaceFile } from '../atomic-file.ts';
import type { GatewayAccess } from '../login.ts';
import { ok, type Outcome } from '../outcome.ts';
import { askInLogin, askSshConfigFacts, type Answered } from '../ssh-config/ask-facts.ts';
import { install, installPlace, namesOfUser, uninstall, type InstallPlace } from '../ssh-config/install.ts';
import { fetchCertificate, isFresh, refreshedCertificates } from '../ssh-config/target-certificate.ts';
import type { Surroundings } from '../surroundings.ts';
import { addGatewayFlags, gatewayAccess } from './gateway-flags.ts';
import { identityFileOf, refreshing, sshHome, tlsOf, type SshConfigFlags } from './ssh-config-flags.ts';

interface Flags extends SshConfigFlags {
  readonly all?: boolean;
  readonly output?: string;
  readonly install?: boolean;
  readonly uninstall?: boolean;
  readonly json?: boolean;
  readonly refreshCertificate?: string;
}

const examples = `
Examples:
  porthole ssh-config --all --output preview.conf && ssh -F preview.conf pr-42
  porthole ssh-config --install          then: ssh pr-42, scp, rsync, VS Code; again when machines come and go
  porthole ssh-config pr-42 --tls        SSH in TLS, where port 443 takes nothing else`;

/** How the file begins that may be written over. */
const ownMark = '# Made by Porthole';

export function sshConfigCommand(around: Surroundings, end: (outcome: Outcome) => void): Command {
  const command = new Command('ssh-config')
    .summary('a configuration for stock ssh that reaches machines by their names')
    .description(
      'Prints an ssh_config with which `ssh -F FILE NAME` works at once: the gate and each machine that you may reach, with their pinned host keys.',
    )
    .argument('[target]', 'only this machine: its name, its UUID, or its environment')
    .option('--all', 'every machine that you may reach (as without a target)')
    .option('--profile <profile>', 'as this profile of yours says')
    .option('--gate <gate>', 'by this gate')
    .option('--tls', 'SSH inside TLS by way of openssl (as with --server tls://HOST)')
    .option('--output <file>', 'write it there, and the host keys to FILE.known_hosts beside it')
    .option('--install', 'write it to ~/.ssh/porthole/config, which one line in ~/.ssh/config includes')
    .option('--uninstall', 'take all of that away again')
    .option('--json', 'what it would say, as one line of JSON')
    .addOption(new Option('--refresh-certificate <file>').hideHelp())
    .addOption(new Option('--os-user <user>').hideHelp());
  return addGatewayFlags(command)
    .addHelpText('after', examples)
    .action(async (target: string | undefined, flags: Flags) => end(await run(target, flags, around)));
}

async function run(target: string | undefined, flags: Flags, around: Surroundings): Promise<Outcome> {
  const clash = clashOf(target, flags);
  if (clash !== undefined) return { kind: 'usage', reason: clash };
  const place = installPlace(around.home, sshHome(around.home));
  if (flags.uninstall === true) return place.ok ? takeAway(place.value, around) : failed(place.problem);
  if (flags.refreshCertificate !== undefined && isFresh(flags.refreshCertificate, Date.now())) return ok;
  const access = await gatewayAccess(flags, around.userName, around);
  if (!access.ok) return access.outcome;
  if (flags.refreshCertificate !== undefined) return refresh(access.value, target ?? '', flags);
  const made = await make({ target, flags, access: access.value, around });
  if (!made.ok) return made.outcome;
  if (flags.json === true) return printed(JSON.stringify(made.value.facts), around);
  if (flags.install !== true) return write(made.value, flags.output, around);
  return place.ok ? put(made.value, place.value, around) : failed(place.problem);
}

function clashOf(target: string | undefined, flags: Flags): string | undefined {
  const { all, json } = flags;
  const ways = [flags.output !== undefined, flags.install, flags.uninstall].filter((each) => each === true);
  if (ways.length > 1) return 'give one of --output, --install and --uninstall';
  if (target !== undefined && all === true) return 'give either a machine or --all';
  if (flags.install === true && target !== undefined)
    return '--install is for all machines that you may reach: leave the target out';
  return json === true && ways.length > 0 ? '--json prints, and writes nothing' : undefined;
}

interface Making {
  readonly target: string | undefined;
  readonly flags: Flags;
  readonly access: GatewayAccess;
  readonly around: Surroundings;
}

interface Made {
  readonly facts: SshConfigFacts;
  readonly options: SshConfigOptions;
}

/** What it says, and how, as far as that is the same wherever it is written. */
function make({ target, flags, access, around }: Making): Promise<Answered<Made>> {
  const { all, profile, gate } = flags;
  return askInLogin(access, async (connection) => {
    const facts = await askSshConfigFacts(connection, { target, all, profile, gate }, access.server);
    if (!facts.ok) return facts;
    const folder = flags.install === true ? certificatesFolder(around) : undefined;
    const options = {
      identityFile: identityFileOf(flags, connection, around),
      tls: tlsOf(flags, around),
      certificates: refreshedCertificates(refreshing(flags, access.server, { folder, around })),
    };
    return { ok: true, value: { facts: facts.value, options } };
  });
}

function certificatesFolder({ home }: Surroundings): string | undefined {
  const place = installPlace(home, sshHome(home));
  return place.ok ? place.value.certificates : undefined;
}

async function write(
  { facts, options }: Made,
  output: string | undefined,
  around: Surroundings,
): Promise<Outcome> {
  if (output === undefined || output === '-') {
    const config = sshConfig(facts, options);
    if (!config.ok) return failed(config.problem);
    warn(config.value.warnings, around);
    return facts.targets.length === 0 && config.value.warnings.length === 0
      ? nothing(config.value.lines, around)
      : printed(config.value.lines.join('\n'), around);
  }
  const configFile = resolve(around.cwd, output);
  const knownHostsFile = `${configFile}.known_hosts`;
  const config = sshConfig(facts, { ...options, configFile, knownHostsFile });
  if (!config.ok) return failed(config.problem);
  if (isForeign(configFile))
    return failed(`${configFile} is there and was not made by this command: it is left as it is`);
  try {
    replaceFile(knownHostsFile, textOf(sshConfigKnownHosts(facts)), 0o600);
    replaceFile(configFile, textOf(config.value.lines), 0o600);
  } catch (error) {
    return failed(`cannot write ${configFile}: ${(error as Error).message}`);
  }
  warn(config.value.warnings, around);
  around.err(`written: ${configFile} and ${knownHostsFile}`);
  return ok;
}

function nothing(lines: readonly string[], around: Surroundings): Promise<Outcome> {
  around.err('there is no machine that you may reach and whose host keys are known');
  return printed(lines.join('\n'), around);
}

function put({ facts, options }: Made, place: InstallPlace, around: Surroundings): Outcome {
  const { knownHosts: knownHostsFile } = place;
  const config = sshConfig(facts, { ...options, knownHostsFile, taken: namesOfUser(place) });
  if (!config.ok) return failed(config.problem);
  const knownHosts = textOf(sshConfigKnownHosts(facts));
  const installed = install(place, { config: textOf(config.value.lines), knownHosts });
  warn(config.value.warnings, around);
  if (!installed.ok) return failed(installed.problem);
  const names = facts.targets.map(({ name, aliases, id }) => aliases[0] ?? (name === '' ? id : id));
  around.err(`written: ${place.config}, which ${place.userConfig} includes`);
  around.err(
    names.length === 0
      ? 'there is no machine yet that you may reach: run it again when there is'
      : `now: ${names
          .slice(0, 8)
          .map((name) => `ssh ${name}`)
          .join(', ')}${names.length > 8 ? ', ...' : ''}`,
  );
  return ok;
}

function takeAway(place: InstallPlace, around: Surroundings): Outcome {
  const removed = uninstall(place);
  if (!removed.ok) return failed(removed.problem);
  around.err(`taken away: ${place.folder}, and its line in ${place.userConfig}`);
  return ok;
}

/** What ssh runs by itself, with nobody to read what it says; when it fails, ssh goes on without a certificate. */
async function refresh(access: GatewayAccess, target: string, flags: Flags): Promise<Outcome> {
  const { refreshCertificate: file = '', osUser = '' } = flags;
  const answered = await askInLogin(access, async (connection): Promise<Answered<undefined>> => {
    const fetched = await fetchCertificate(connection, { target, osUser, file });
    return fetched.ok ? fetched : { ok: false, outcome: { kind: 'failed', reason: fetched.problem } };
  });
  return answered.ok ? ok : answered.outcome;
}

/** Whether something is there that a slip of the pen must not cost. */
function isForeign(file: string): boolean {
  return existsSync(file) && !['', ownMark].includes(readFileSync(file, 'utf8').slice(0, ownMark.length));
}

async function printed(text: string, around: Surroundings): Promise<Outcome> {
  await around.print(`${text}\n`);
  return ok;
}

function warn(warnings: readonly string[], { err, colour }: Surroundings): void {
  for (const warning of warnings) err(colour.stderr ? `\u001b[31m${warning}\u001b[0m` : warning);
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

function failed(reason: string): Outcome {
  return { kind: 'failed', reason };
}
