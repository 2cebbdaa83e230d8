import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { Backoff } from '../../core/backoff.ts';
import type { ChannelOpening } from '../channel-table.ts';
import { Forwarder } from '../forwarder.ts';
import { HumanReport } from '../human-report.ts';
import { defaultLoginTimings, type GatewayAccess } from '../login.ts';
import type { Outcome } from '../outcome.ts';
import { type ClientEvent, stateEvents, upstreamListening, upstreamRefused } from '../report.ts';
import { formatServer } from '../server-url.ts';
import { openSession } from '../session.ts';
import { Supervisor } from '../supervisor.ts';
import type { Surroundings } from '../surroundings.ts';
import type { Offer } from '../target.ts';
import { paint } from '../terminal.ts';
import { UrlFile } from '../url-file.ts';
import { addGatewayFlags, gatewayAccess, type GatewayFlags, type Resolved } from './gateway-flags.ts';
import { addOfferFlags, type OfferFlags, readOffers, targetHelp } from './offer-flags.ts';

export interface ConnectFlags extends GatewayFlags, OfferFlags {
  readonly json?: boolean;
  readonly once?: boolean;
  readonly urlFile?: string;
}

/** Below the gateway's own deadline for a channel open, so that it hears the reason. */
const localConnectTimeoutMs = 4000;
const drainMs = 3000;
const stableMs = 30_000;
/** Delays from 250 ms to 15 s. */
const backoffMs = { initialMs: 500, maxMs: 15_000 };

const examples = `
Examples:
  porthole connect pr-42 3000
  porthole connect pr-42 web=3000 api:8080=127.0.0.1:8080 --server https://preview.example.com
  porthole connect pr-42 'web=3000?access=public' --json --url-file urls.txt`;

export function connectCommand(around: Surroundings, end: (outcome: Outcome) => void): Command {
  const command = new Command('connect')
    .summary('give local services URLs, and keep them up')
    .description(
      'Gives services on this machine URLs under an environment, and keeps them up until it is stopped.',
    )
    .argument('<env>', 'the environment, such as pr-42 or a branch name')
    .argument('<target...>', '[SERVICE[:PORT]=]TARGET, see below');
  return addOfferFlags(addGatewayFlags(command))
    .option('--json', 'print one JSON object a line for everything that happens')
    .option('--once', 'end when the connection is lost, instead of connecting again')
    .option('--url-file <file>', 'write the URLs to this file, one a line, once they are up')
    .addHelpText('after', `${targetHelp}\n${examples}`)
    .action(async (env: string, targets: string[], flags: ConnectFlags) => {
      end(await connect({ env, targets }, flags, around));
    });
}

export async function connect(
  wanted: { env: string; targets: readonly string[] },
  flags: ConnectFlags,
  around: Surroundings,
): Promise<Outcome> {
  const tell = flags.json === true ? tellJson(around) : tellPerson(around);
  const prepared = await prepare(wanted, flags, around);
  if (!prepared.ok) {
    tell(
      stateEvents({ kind: 'ended', outcome: prepared.outcome }, { server: flags.server, env: wanted.env }),
    );
    return prepared.outcome;
  }
  const { urlFile } = prepared.value;
  const supervisor = supervise(prepared.value, tell);
  const outcome = await untilStopped(supervisor, around);
  urlFile?.remove();
  return outcome;
}

interface Prepared {
  readonly access: GatewayAccess;
  readonly offers: readonly Offer[];
  readonly once: boolean;
  readonly urlFile: UrlFile | undefined;
}

async function prepare(
  wanted: { env: string; targets: readonly string[] },
  flags: ConnectFlags,
  around: Surroundings,
): Promise<Resolved<Prepared>> {
  const offers = readOffers(wanted.targets, flags);
  if (!offers.ok) return { ok: false, outcome: { kind: 'usage', reason: offers.problem } };
  const urlFile = flags.urlFile === undefined ? undefined : new UrlFile(flags.urlFile);
  const problem = urlFile?.remove();
  if (problem !== undefined) return { ok: false, outcome: { kind: 'usage', reason: problem } };
  const access = await gatewayAccess(flags, wanted.env, around);
  if (!access.ok) return access;
  return {
    ok: true,
    value: { access: access.value, offers: offers.value, once: flags.once === true, urlFile },
  };
}

type Tell = (events: readonly ClientEvent[]) => void;

function tellJson({ out }: Surroundings): Tell {
  return (events) =>
    events.forEach((event) => out(JSON.stringify({ ...event, time: new Date().toISOString() })));
}

function tellPerson({ out, err, colour }: Surroundings): Tell {
  const report = new HumanReport();
  return (events) => {
    for (const { to, tone, text } of report.lines(events))
      (to === 'stdout' ? out : err)(paint(tone, text, colour[to]));
  };
}

function supervise({ access, offers, once, urlFile }: Prepared, tell: Tell): Supervisor {
  const place = { server: formatServer(access.server), env: access.user };
  const forwarder = new Forwarder({
    offers,
    connectTimeoutMs: localConnectTimeoutMs,
    onRefused: (offer, failure) => tell([upstreamRefused(offer, failure)]),
    onListening: (offer) => tell([upstreamListening(offer)]),
  });
  const onOpening = (opening: ChannelOpening): void => void forwarder.serve(opening);
  return new Supervisor({
    connect: (signal) =>
      openSession(access, offers, { timings: defaultLoginTimings, drainMs, signal, onOpening }),
    once,
    backoff: new Backoff(backoffMs),
    stableMs,
    wait: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
    nowMs: () => performance.now(),
    onState: (state) => {
      tell(stateEvents(state, place));
      if (state.kind !== 'connected') return;
      const problem = urlFile?.write(state.settled.open.map((forward) => forward.url));
      if (problem !== undefined) tell([{ event: 'url-file-failed', reason: problem }]);
      void forwarder.probe();
    },
  });
}

/** The first request to stop is polite: forwards are withdrawn first. The second ends at once. */
async function untilStopped(supervisor: Supervisor, around: Surroundings): Promise<Outcome> {
  const impatient = Promise.withResolvers<Outcome>();
  let asked = false;
  const forget = around.onStop(() => {
    if (asked) impatient.resolve({ kind: 'failed', reason: 'stopped before everything was finished' });
    asked = true;
    supervisor.stop();
  });
  const outcome = await Promise.race([supervisor.run(), impatient.promise]);
  forget();
  return outcome;
}
