import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from '../core/backoff.ts';
import { maxTimerMs } from '../core/lifecycle.ts';
import type { ChannelOpening } from './channel-openings.ts';
import { Forwarder } from './forwarder.ts';
import { defaultLoginTimings, type GatewayAccess } from './login.ts';
import type { OfferSource } from './offer-source.ts';
import { backoffMs, moveBackoffMs, stableMs } from './reconnect-delays.ts';
import {
  type ClientEvent,
  type Place,
  stateEvents,
  type TargetEvent,
  upstreamListening,
  upstreamRefused,
} from './report.ts';
import { formatServer } from './server-url.ts';
import { openSession, type Session, type Settled } from './session.ts';
import { isSshService } from './ssh-server/ssh-server-offer.ts';
import type { TargetReporter } from './ssh-server/target-reporter.ts';
import { Supervisor, type SupervisorOptions } from './supervisor.ts';
import { type ConnectionState, Tunnels } from './tunnels.ts';
import type { UrlFile } from './url-file.ts';

/** Everything that is decided before the first connection. */
export interface ConnectPlan {
  readonly access: GatewayAccess;
  readonly source: OfferSource;
  /** Makes the reports about the SSH server that is among the offers; undefined where there is none. */
  readonly openReporter: ((tell: (event: TargetEvent) => void) => TargetReporter) | undefined;
  /** Services come and go: none at the start is no mistake. */
  readonly isDynamic: boolean;
  /** How many connections; undefined leaves it to the gateway. */
  readonly connections: number | undefined;
  readonly once: boolean;
  readonly urlFile: UrlFile | undefined;
}

/** Below the gateway's own deadline for a channel open, so that it hears the reason. */
const localConnectTimeoutMs = 4000;
const reprobeMs = 2000;
const drainMs = 3000;

/** The tunnels of one `porthole connect`, and what is told of them. */
export function startTunnels(
  plan: ConnectPlan,
  tell: (events: readonly ClientEvent[]) => void,
): Tunnels<Session> {
  const place = placeOf(plan.access);
  const reporter = plan.openReporter?.((event) => tell([event]));
  const forwarder = new Forwarder({
    source: plan.source,
    connectTimeoutMs: localConnectTimeoutMs,
    reprobeMs,
    onRefused: (offer, failure) => tell([upstreamRefused(offer, failure)]),
    onListening: (offer) => {
      tell([upstreamListening(offer)]);
      if (isSshService(offer)) reporter?.listening();
    },
  });
  const connect = connector(plan, {
    onOpening: (opening) => void forwarder.serve(opening),
    onSession: (session) => reporter?.watch(session),
  });
  return new Tunnels<Session>({
    connections: plan.connections,
    supervise: (parts) => new Supervisor({ ...supervision(plan.once), ...parts, connect }),
    onState: (state) => {
      tell(stateEvents(state, place));
      const problem = writeUrls(plan.urlFile, state);
      if (problem !== undefined) tell([{ event: 'url-file-failed', reason: problem }]);
      if (state.kind === 'connected') void forwarder.probe();
      if (state.kind !== 'ended') return;
      forwarder.close();
      reporter?.close();
    },
  });
}

export function placeOf({ server, user }: GatewayAccess): Place {
  return { server: formatServer(server), env: user };
}

interface ConnectorParts {
  readonly onOpening: (opening: ChannelOpening) => void;
  /** For each connection, once what is offered stands on it. */
  readonly onSession: (session: Session) => void;
}

function connector(
  { access, source, isDynamic }: ConnectPlan,
  { onOpening, onSession }: ConnectorParts,
): SupervisorOptions<Session>['connect'] {
  let everStood = false;
  const isUseful = ({ open, refused }: Settled): boolean => {
    everStood ||= open.length > 0;
    // Services that come and go may all be refused for a while; one that was never anything else ends it.
    return open.length > 0 || (isDynamic && (everStood || refused.length === 0));
  };
  const parts = { source, isUseful, timings: defaultLoginTimings, drainMs, onOpening };
  return async (signal) => {
    const opened = await openSession(access, { ...parts, signal });
    if (opened.kind === 'open') onSession(opened.session);
    return opened;
  };
}

function supervision(once: boolean): Omit<SupervisorOptions<Session>, 'connect' | 'onState' | 'othersServe'> {
  return {
    once,
    backoff: new Backoff(backoffMs),
    moveBackoff: new Backoff(moveBackoffMs),
    stableMs,
    wait: (ms, signal) => delay(Math.min(ms, maxTimerMs), undefined, { signal }).catch(() => undefined),
    nowMs: () => performance.now(),
  };
}

function writeUrls(urlFile: UrlFile | undefined, state: ConnectionState): string | undefined {
  if (state.kind !== 'connected' && state.kind !== 'changed') return undefined;
  return urlFile?.write(state.settled.open.map(({ url }) => url).filter((url) => url !== ''));
}
