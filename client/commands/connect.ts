import { Command } from 'commander';
import type { Parsed } from '../../core/forward.ts';
import { branchName } from '../branch-name.ts';
import { combinedOffers } from '../combined-offers.ts';
import { type ConnectPlan, placeOf, startTunnels } from '../connect-run.ts';
import { type ConnectWords, readWords, wordsHelp } from '../connect-words.ts';
import { fixedOffers, type OfferSource } from '../offer-source.ts';
import type { OidcFlags } from '../oidc/job-access.ts';
import type { GatewayAccess } from '../login.ts';
import type { Outcome } from '../outcome.ts';
import { type DockerEvent, stateEvents } from '../report.ts';
import { openReporter } from '../ssh-server/open-reporter.ts';
import { type SshServer, withSshServer } from '../ssh-server/ssh-server-offer.ts';
import type { Surroundings } from '../surroundings.ts';
import { type Offer, withCommonWords } from '../target.ts';
import { openTeller, type Teller } from '../teller.ts';
import { UrlFile } from '../url-file.ts';
import { addGatewayFlags, gatewayAccess, type GatewayFlags, type Resolved } from './gateway-flags.ts';
import { addOidcFlags, jobAccess } from './oidc-flags.ts';
import { addOfferFlags, commonWords, type OfferFlags, readOffers, targetHelp } from './offer-flags.ts';
import { addSshFlags, type SshFlags, sshHelp, sshServerOf } from './ssh-flags.ts';

export interface ConnectFlags extends GatewayFlags, OfferFlags, OidcFlags, SshFlags {
  readonly env?: string;
  readonly connections?: string;
  readonly docker?: boolean;
  readonly dockerProject?: string;
  readonly dockerHost?: string;
  readonly json?: boolean;
  readonly live?: boolean;
  readonly once?: boolean;
  readonly urlFile?: string;
}

const maxConnections = 8;

const configHelp = `
porthole.toml (of this folder or above it, up to the repository's root), every key optional:
  server = "https://preview.example.com"
  env = "pr-42"                       # else the git branch
  target = 3000                       # the default service
  access = "public"                   # for all services; also host, scheme, ttl, balance, from, robots
  docker = true                       # or { project = "shop" }
  ssh = true                          # or 2222, "HOST:PORT", { target = 22, os-user = "dev", name = "...", id = "..." }
  # also: ca, identity, known-hosts, host-key, connections, url-file; paths count from the file
  [services]
  web = 3000
  api = { target = "127.0.0.1:8080", port = 8080, access = "private" }`;

const examples = `
Examples:
  porthole connect pr-42 3000
  porthole connect 3000                       (ENV is the git branch)
  porthole connect pr-42 web=3000 api:8080=127.0.0.1:8080 --server https://preview.example.com
  porthole connect pr-42 'web=3000?access=public' --json --url-file urls.txt
  porthole connect pr-42 3000 --ssh           (and its SSH server: porthole ssh pr-42)
  porthole connect --docker                   (the services of the compose project)
  porthole connect 3000 --oidc                (in a job of GitHub Actions or GitLab CI, without any key)`;

export function connectCommand(around: Surroundings, end: (outcome: Outcome) => void): Command {
  const command = new Command('connect')
    .summary('give local services URLs, and keep them up')
    .description(
      'Gives services on this machine URLs under an environment, and keeps them up until it is stopped.',
    )
    .usage('[options] [ENV] [[SERVICE[:PORT]=]TARGET...]')
    .argument('[words...]', 'the environment (pr-42, a branch name), then what to offer; see below');
  return addConnectFlags(addSshFlags(addOfferFlags(addOidcFlags(addGatewayFlags(command)))))
    .addHelpText('after', `${targetHelp}\n${wordsHelp}\n${sshHelp}\n${configHelp}\n${examples}`)
    .action(async (words: string[], flags: ConnectFlags) => {
      const envIsGiven = command.getOptionValueSource('env') === 'cli';
      end(await connect(readWords(words, envIsGiven), flags, around));
    });
}

function addConnectFlags(command: Command): Command {
  return command
    .option('-e, --env <name>', 'the environment; all words are targets then (env: PORTHOLE_ENV)')
    .option(
      '--connections <n>',
      `parallel connections, 1 to ${maxConnections} (default: as the gateway needs)`,
    )
    .option(
      '--docker',
      "offer the running containers of this folder's compose project, and those with a label",
    )
    .option('--no-docker', 'do not, whatever porthole.toml says')
    .option('--docker-project <name>', 'the compose project whose containers are offered')
    .option('--docker-host <url>', 'the Docker engine: unix:///PATH or tcp://HOST:PORT (env: DOCKER_HOST)')
    .option('--json', 'print one JSON object a line for everything that happens')
    .option('--no-live', 'print lines on a terminal too, instead of the live view')
    .option('--once', 'end when the connection is lost, instead of connecting again')
    .option('--url-file <file>', 'write the URLs to this file, one a line, once they are up');
}

export async function connect(
  words: ConnectWords,
  flags: ConnectFlags,
  around: Surroundings,
): Promise<Outcome> {
  const teller = openTeller(flags, around);
  try {
    const plan = await prepare(words, flags, { around, teller });
    if (plan.ok) return await run(plan.value, teller, around);
    const place = { server: flags.server, env: words.env ?? flags.env ?? '' };
    teller.tell(stateEvents({ kind: 'ended', outcome: plan.outcome }, place));
    return plan.outcome;
  } finally {
    await teller.close();
  }
}

async function run(plan: ConnectPlan, teller: Teller, around: Surroundings): Promise<Outcome> {
  const tunnels = startTunnels(plan, (events) => teller.tell(events));
  teller.watch(placeOf(plan.access), tunnels);
  const impatient = Promise.withResolvers<Outcome>();
  let asked = false;
  // The first request to stop is polite: forwards are withdrawn first. The second ends at once.
  const forget = around.onStop(() => {
    if (asked) impatient.resolve({ kind: 'failed', reason: 'stopped before everything was finished' });
    asked = true;
    teller.stopping();
    plan.access.credential?.close();
    tunnels.stop();
  });
  const outcome = await Promise.race([tunnels.run(), impatient.promise]);
  forget();
  plan.source.close();
  plan.access.credential?.close();
  plan.urlFile?.remove();
  return outcome;
}

async function prepare(
  words: ConnectWords,
  flags: ConnectFlags,
  { around, teller }: { around: Surroundings; teller: Teller },
): Promise<Resolved<ConnectPlan>> {
  const fixed = fixedOf(words, flags);
  if (!fixed.ok) return usage(fixed.problem);
  const { offers, sshServer } = fixed.value;
  const connections = readConnections(flags.connections);
  if (!connections.ok) return usage(connections.problem);
  const urlFile = flags.urlFile === undefined ? undefined : new UrlFile(flags.urlFile);
  const urlFileProblem = urlFile?.remove();
  if (urlFileProblem !== undefined) return usage(urlFileProblem);
  const env = words.env ?? flags.env ?? (await branchName(around.cwd, around.env));
  if (env === undefined) return usage(noEnv);
  const access =
    flags.oidc === true
      ? jobAccess(flags, env, around, (event) => teller.tell([event]))
      : await gatewayAccess(flags, env, around, ({ file, publicLine }) =>
          teller.tell([{ event: 'key-created', file, publicKey: publicLine }]),
        );
  if (!access.ok) return access;
  const isDynamic = wantsDocker(flags);
  const source = isDynamic
    ? await withContainers(offers, flags, { around, onEvent: (event) => teller.tell([event]) })
    : ({ ok: true, value: fixedOffers(offers) } as const);
  if (!source.ok) return usage(source.problem);
  const rest = { connections: connections.value, once: flags.once === true, urlFile };
  const openReporter = reporterOf(sshServer, access.value, around);
  return {
    ok: true,
    value: { access: access.value, source: source.value, openReporter, isDynamic, ...rest },
  };
}

const noEnv =
  'there is no name for the environment: not on the command line (porthole connect ENV TARGET), nor --env, PORTHOLE_ENV ' +
  'or env in porthole.toml, and no git branch is checked out here';

interface Fixed {
  readonly offers: readonly Offer[];
  /** Among the offers. */
  readonly sshServer: SshServer | undefined;
}

/** What does not change: services, and the SSH server. */
function fixedOf(words: ConnectWords, flags: ConnectFlags): Parsed<Fixed> {
  const services = servicesOf(words, flags);
  if (!services.ok) return services;
  const sshServer = sshServerOf(flags, { words, offers: services.value, common: commonWords(flags) });
  if (!sshServer.ok) return sshServer;
  const offers = withSshServer(services.value, sshServer.value);
  if (offers.length > 0 || wantsDocker(flags))
    return { ok: true, value: { offers, sshServer: sshServer.value } };
  const problem =
    'there is nothing to offer: name a target (porthole connect ENV 3000), or services in porthole.toml, or use --docker or --ssh';
  return { ok: false, problem };
}

/** The targets of the command line, else the services of the file. */
function servicesOf({ targets }: ConnectWords, flags: ConnectFlags): Parsed<Offer[]> {
  if (targets.length > 0) return readOffers(targets, flags);
  const offers: Offer[] = [];
  for (const offer of flags.file?.offers ?? []) {
    const complete = withCommonWords(offer, commonWords(flags));
    if (!complete.ok) return complete;
    offers.push(complete.value);
  }
  return { ok: true, value: offers };
}

function reporterOf(
  sshServer: SshServer | undefined,
  { server }: GatewayAccess,
  around: Surroundings,
): ConnectPlan['openReporter'] {
  if (sshServer === undefined) return undefined;
  return (tell) => openReporter(sshServer, { gateway: server.host, around, tell });
}

function wantsDocker({ docker, dockerProject, dockerHost }: ConnectFlags): boolean {
  return docker ?? (dockerProject !== undefined || dockerHost !== undefined);
}

/** Loaded only when it is wanted. */
async function withContainers(
  fixed: readonly Offer[],
  flags: ConnectFlags,
  { around, onEvent }: { around: Surroundings; onEvent: (event: DockerEvent) => void },
): Promise<Parsed<OfferSource>> {
  const { openDockerOffers } = await import('../docker/docker-offers.ts');
  const { composeProject } = await import('../docker/compose-project.ts');
  const { parseEngineAddress } = await import('../docker/engine-address.ts');
  const address = parseEngineAddress(flags.dockerHost, around);
  if (!address.ok) return address;
  const containers = await openDockerOffers({
    address: address.value,
    project: composeProject({ project: flags.dockerProject, env: around.env, cwd: around.cwd }),
    commonWords: commonWords(flags),
    onEvent,
  });
  return { ok: true, value: combinedOffers(fixedOffers(fixed), containers) };
}

function readConnections(text: string | undefined): Parsed<number | undefined> {
  if (text === undefined) return { ok: true, value: undefined };
  const count = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= maxConnections) return { ok: true, value: count };
  return { ok: false, problem: `--connections is a number from 1 to ${maxConnections}` };
}

function usage(reason: string): { ok: false; outcome: Outcome } {
  return { ok: false, outcome: { kind: 'usage', reason } };
}
