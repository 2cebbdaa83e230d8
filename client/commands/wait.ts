import { Command } from 'commander';
import type { SecureContext } from 'node:tls';
import { parseDuration } from '../../core/units.ts';
import { branchName } from '../branch-name.ts';
import { ok, type Outcome } from '../outcome.ts';
import type { Surroundings } from '../surroundings.ts';
import { type Found, findUrls, type FoundUrls } from '../wait/find-urls.ts';
import type { Truth } from '../wait/judge-answer.ts';
import { takeCredentials, type Waited, waitForUrl } from '../wait/wait-for-url.ts';
import { addGatewayFlags, gatewayAccess, type GatewayFlags, readTrust } from './gateway-flags.ts';

interface WaitFlags extends GatewayFlags {
  readonly env?: string;
  readonly service?: string;
  readonly timeout: string;
  readonly json?: boolean;
}

const defaultTimeout = '5m';
const maxTimeoutMs = 86_400_000;

const notes = `
With ENV the gateway is asked over SSH, with your key, for the URLs and for what opens them when they are private. With
a URL no key is needed; for a private environment take its share link, or add ?porthole-token=TOKEN.

Prints the URLs, one a line, and ends with 0 once they all serve; else with 1 and the reason when the time is over.

Examples:
  porthole wait pr-42
  porthole wait pr-42 --service web --timeout 10m
  porthole wait https://web--pr-42.preview.example.com/`;

export function waitCommand(around: Surroundings, end: (outcome: Outcome) => void): Command {
  const command = new Command('wait')
    .summary('wait until an environment serves')
    .description('Waits until an environment, one of its services, or a URL is ready to serve.')
    .argument('[env-or-url]', 'pr-42, a branch name, or https://... (default: as for connect)');
  return addGatewayFlags(command)
    .option('-e, --env <name>', 'the environment (env: PORTHOLE_ENV)')
    .option('--service <name>', 'only this service: NAME, NAME:PORT or PORT (default: all that are offered)')
    .option('--timeout <duration>', 'how long to wait, such as 90, 90s or 10m', defaultTimeout)
    .option('--json', 'print one JSON object')
    .addHelpText('after', notes)
    .action(async (what: string | undefined, flags: WaitFlags) => {
      end(await wait(what, flags, around));
    });
}

/** What the whole command shares. */
interface Wait {
  readonly flags: WaitFlags;
  readonly around: Surroundings;
  readonly trust: SecureContext | undefined;
  readonly untilMs: number;
  readonly signal: AbortSignal;
  readonly onTruth: (truth: Truth) => void;
}

export async function wait(
  what: string | undefined,
  flags: WaitFlags,
  around: Surroundings,
): Promise<Outcome> {
  // The gateway's own question takes a number of seconds.
  const timeoutMs = parseDuration(/^\d+$/.test(flags.timeout) ? `${flags.timeout}s` : flags.timeout);
  if (timeoutMs === undefined || timeoutMs > maxTimeoutMs)
    return usage(`--timeout ${flags.timeout}: a duration is 90s, 5m or 1h, up to 24h`);
  const trust = readTrust(flags.ca);
  if (!trust.ok) return usage(trust.problem);
  const stop = new AbortController();
  const forget = around.onStop(() => stop.abort());
  try {
    const facts = { flags, around, trust: trust.value, signal: stop.signal };
    const untilMs = performance.now() + timeoutMs;
    return await waitFor(what, { ...facts, untilMs, onTruth: truthTeller(flags, around) });
  } finally {
    forget();
  }
}

async function waitFor(what: string | undefined, wait: Wait): Promise<Outcome> {
  const isUrl = what !== undefined && /^https?:\/\//i.test(what);
  const found = isUrl ? givenUrl(what, wait.flags) : await askForUrls(what, wait);
  switch (found.kind) {
    case 'failed':
      return found.outcome;
    case 'not-ready':
      return tellNotReady([], found.truth, wait);
    case 'found':
      return waitForAll(found.value, wait);
  }
}

function givenUrl(text: string, { service }: WaitFlags): Found {
  if (!URL.canParse(text)) return { kind: 'failed', outcome: usage(`${text} is not a URL`) };
  if (service !== undefined)
    return { kind: 'failed', outcome: usage('a URL names its service itself: leave --service out') };
  const { url, credentials } = takeCredentials(new URL(text));
  return { kind: 'found', value: { env: '', urls: [url], credentials } };
}

async function askForUrls(what: string | undefined, wait: Wait): Promise<Found> {
  const { flags, around, untilMs, signal, onTruth } = wait;
  const { service } = flags;
  const env = what ?? flags.env ?? (await branchName(around.cwd, around.env));
  if (env === undefined) return { kind: 'failed', outcome: usage('name the environment: porthole wait ENV') };
  if (service !== undefined && !/^[^\s]+$/.test(service))
    return { kind: 'failed', outcome: usage(`--service ${service} is not a service`) };
  const access = await gatewayAccess(flags, env, around);
  if (!access.ok) return { kind: 'failed', outcome: access.outcome };
  return findUrls({ access: access.value, service, untilMs, signal, onTruth });
}

async function waitForAll({ urls, credentials }: FoundUrls, wait: Wait): Promise<Outcome> {
  const { trust, untilMs, signal, onTruth } = wait;
  const waited = await Promise.all(
    urls.map((url) => waitForUrl({ url, credentials, trust, untilMs, signal, onTruth })),
  );
  const late = waited.find((each): each is Waited & { kind: 'not-ready' } => each.kind === 'not-ready');
  if (late !== undefined) return tellNotReady(urls, late.truth, wait);
  const texts = urls.map((url) => url.href);
  if (wait.flags.json === true) wait.around.out(JSON.stringify({ state: 'ready', urls: texts }));
  else for (const text of texts) wait.around.out(text);
  return ok;
}

function tellNotReady(urls: readonly URL[], truth: Truth, { flags, around, signal }: Wait): Outcome {
  const { state = null, code } = truth;
  const reason = signal.aborted ? `stopped while waiting: ${truth.reason}` : truth.reason;
  if (flags.json === true)
    around.out(JSON.stringify({ state, code, reason, urls: urls.map((url) => url.href) }));
  return { kind: 'failed', reason: `not ready: ${reason}` };
}

/** People see why it takes so long, once for each reason in turn; programs get the end of it. */
function truthTeller({ json }: WaitFlags, around: Surroundings): (truth: Truth) => void {
  let told = '';
  return ({ reason }) => {
    if (json !== true && reason !== told) around.err(`waiting: ${reason}`);
    told = reason;
  };
}

function usage(reason: string): Outcome {
  return { kind: 'usage', reason };
}
