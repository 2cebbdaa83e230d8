import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { base32 } from '../../core/base32.ts';
import type { Parsed } from '../../core/parsed.ts';
import { branchName } from '../branch-name.ts';
import { type ConnectWords, readWords } from '../connect-words.ts';
import { type Check, type CheckResult, runChecks } from '../doctor/check.ts';
import { resultJson, resultLines, type ReportLine, summaryLine } from '../doctor/doctor-report.ts';
import { Examination } from '../doctor/examination.ts';
import { sshServerChecks } from '../doctor/ssh-server.ts';
import { ok, type Outcome } from '../outcome.ts';
import type { Surroundings } from '../surroundings.ts';
import { type Offer, parseOffers } from '../target.ts';
import { paint } from '../terminal.ts';
import {
  addGatewayFlags,
  type GatewayFlags,
  gatewayPlace,
  offeredIdentities,
  readTrust,
  type Resolved,
} from './gateway-flags.ts';
import { targetHelp } from './offer-flags.ts';
import { addSshFlags, type SshFlags, sshServerOf } from './ssh-flags.ts';

interface DoctorFlags extends GatewayFlags, SshFlags {
  readonly env?: string;
  readonly docker?: boolean;
  readonly dockerProject?: string;
  readonly dockerHost?: string;
  readonly json?: boolean;
}

const notes = `
Tries what a tunnel and its visitors need, in this order: the gateway's name, its port, TLS, SSH, your keys, the login, a
forward, its public URL, and the services on this machine; with --ssh, its SSH server. The forward is a service of its own, private, and gone
when this ends. Says what is wrong and what to do; what makes no sense after a failure is skipped.

Ends with 0 when nothing failed, else with 1.

Examples:
  porthole doctor --server https://preview.example.com
  porthole doctor pr-42 web=3000 --json`;

export function doctorCommand(around: Surroundings, end: (outcome: Outcome) => void): Command {
  const command = new Command('doctor')
    .summary('find out why it does not work')
    .description('Tries everything that a tunnel needs, and says what is wrong and what to do about it.')
    .usage('[options] [ENV] [[SERVICE[:PORT]=]TARGET...]')
    .argument('[words...]', 'the environment and targets, as for connect; or those of porthole.toml');
  return addSshFlags(addGatewayFlags(command))
    .option('-e, --env <name>', 'the environment; all words are targets then (env: PORTHOLE_ENV)')
    .option('--docker', 'the Docker engine and its containers, too')
    .option('--docker-project <name>', 'the compose project whose containers are meant')
    .option('--docker-host <url>', 'the Docker engine: unix:///PATH or tcp://HOST:PORT (env: DOCKER_HOST)')
    .option('--json', 'print one JSON array: name, ok, status, detail, next, ms of each check')
    .addHelpText('after', `${targetHelp}\n${notes}`)
    .action(async (words: string[], flags: DoctorFlags) => {
      const envIsGiven = command.getOptionValueSource('env') === 'cli';
      end(await doctor(readWords(words, envIsGiven), flags, around));
    });
}

export async function doctor(
  words: ConnectWords,
  flags: DoctorFlags,
  around: Surroundings,
): Promise<Outcome> {
  const stop = new AbortController();
  const examination = await prepare(words, flags, around, stop.signal);
  if (!examination.ok) return examination.outcome;
  const forget = around.onStop(() => stop.abort());
  try {
    const results = await runChecks(examination.value.checks, {
      signal: stop.signal,
      onResult: (result) => tellResult(result, flags, around),
    });
    return conclude(results, flags, around);
  } finally {
    forget();
    await examination.value.close();
  }
}

async function prepare(
  words: ConnectWords,
  flags: DoctorFlags,
  around: Surroundings,
  signal: AbortSignal,
): Promise<Resolved<Examination>> {
  const offers = offersOf(words, flags);
  if (!offers.ok) return usage(offers.problem);
  const env = words.env ?? flags.env ?? (await branchName(around.cwd, around.env)) ?? ownName();
  const place = gatewayPlace(flags, env, around);
  if (!place.ok) return place;
  const trust = readTrust(flags.ca);
  if (!trust.ok) return usage(trust.problem);
  const sshServer = sshServerOf(flags, { words, offers: offers.value, common: [] });
  if (!sshServer.ok) return usage(sshServer.problem);
  const docker = await dockerChecks(flags, around);
  if (!docker.ok) return usage(docker.problem);
  const identities = await offeredIdentities(flags, around);
  const examination = new Examination({
    place: place.value,
    identities,
    trust: trust.value,
    caFile: flags.ca,
    offers: offers.value,
    more: [...sshServerChecks(sshServer.value), ...docker.value],
    signal,
  });
  return { ok: true, value: examination };
}

function offersOf({ targets }: ConnectWords, { file }: DoctorFlags): Parsed<readonly Offer[]> {
  return targets.length > 0 ? parseOffers(targets) : { ok: true, value: file?.offers ?? [] };
}

/** Loaded only when they are wanted. */
async function dockerChecks(flags: DoctorFlags, around: Surroundings): Promise<Parsed<readonly Check[]>> {
  const { docker, dockerProject, dockerHost } = flags;
  if (!(docker ?? (dockerProject !== undefined || dockerHost !== undefined))) return { ok: true, value: [] };
  const { parseEngineAddress } = await import('../docker/engine-address.ts');
  const { composeProject } = await import('../docker/compose-project.ts');
  const { dockerCheck } = await import('../doctor/docker.ts');
  const address = parseEngineAddress(dockerHost, around);
  if (!address.ok) return address;
  const project = composeProject({ project: dockerProject, env: around.env, cwd: around.cwd });
  return { ok: true, value: [dockerCheck({ address: address.value, project })] };
}

/** For somebody who has no environment yet. */
function ownName(): string {
  return `doctor-${base32(randomBytes(5))}`;
}

function tellResult(result: CheckResult, { json }: DoctorFlags, around: Surroundings): void {
  if (json !== true) for (const line of resultLines(result)) print(line, around);
}

function conclude(results: readonly CheckResult[], { json }: DoctorFlags, around: Surroundings): Outcome {
  if (json === true) around.out(JSON.stringify(results.map(resultJson)));
  else print(summaryLine(results), around);
  const failed = results.filter(({ status }) => status === 'failed').map(({ name }) => name);
  if (failed.length > 0) return { kind: 'failed', reason: `failed: ${failed.join(', ')}` };
  const stopped = results.some(({ status }) => status === 'skipped');
  return stopped ? { kind: 'failed', reason: 'stopped before everything was tried' } : ok;
}

function print({ tone, text }: ReportLine, { out, colour }: Surroundings): void {
  out(paint(tone, text, colour.stdout));
}

function usage(reason: string): { ok: false; outcome: Outcome } {
  return { ok: false, outcome: { kind: 'usage', reason } };
}
