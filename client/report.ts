import type { LocalFailure } from './forwarder.ts';
import { exitCode, type Outcome } from './outcome.ts';
import type { OpenForward } from './session.ts';
import type { ConnectionState } from './supervisor.ts';
import { formatTarget, type Offer } from './target.ts';

/**
 * Everything that `porthole connect` tells, as `--json` prints it: one object a line, told apart by `event`.
 */
export type ClientEvent =
  | { readonly event: 'connecting'; readonly server: string; readonly env: string; readonly attempt: number }
  | { readonly event: 'connected'; readonly server: string; readonly env: string }
  | ({
      readonly event: 'forward';
      readonly url: string;
      readonly access?: string;
      readonly shareUrl?: string;
    } & Service)
  | ({ readonly event: 'forward-refused'; readonly reason: string } & Service)
  | ({ readonly event: 'upstream-refused'; readonly code: string; readonly reason: string } & Service)
  | ({ readonly event: 'upstream-listening' } & Service)
  | { readonly event: 'disconnected'; readonly reason: string }
  | { readonly event: 'retrying'; readonly inMs: number; readonly reason: string }
  | { readonly event: 'url-file-failed'; readonly reason: string }
  | { readonly event: 'exit'; readonly code: number; readonly reason?: string };

/** The service that an event is about; null is the default service, or the default port. */
interface Service {
  readonly service: string | null;
  readonly port: number | null;
  readonly target: string;
}

export interface Place {
  /** As `--server` says it. */
  readonly server: string;
  readonly env: string;
}

/** The events that a change of state is told by. */
export function stateEvents(state: ConnectionState, place: Place): ClientEvent[] {
  switch (state.kind) {
    case 'connecting':
      return [{ event: 'connecting', ...place, attempt: state.attempt }];
    case 'connected':
      return [
        { event: 'connected', server: place.server, env: state.settled.env },
        ...state.settled.open.map(forwardEvent),
        ...state.settled.refused.map(({ offer, reason }): ClientEvent => ({
          event: 'forward-refused',
          ...serviceOf(offer),
          reason,
        })),
      ];
    case 'disconnected':
      return [{ event: 'disconnected', reason: state.reason }];
    case 'waiting':
      return [{ event: 'retrying', inMs: state.inMs, reason: state.reason }];
    case 'ended':
      return [exitEvent(state.outcome)];
  }
}

export function upstreamRefused(offer: Offer, failure: LocalFailure): ClientEvent {
  return { event: 'upstream-refused', ...serviceOf(offer), code: failure.code, reason: failure.problem };
}

export function upstreamListening(offer: Offer): ClientEvent {
  return { event: 'upstream-listening', ...serviceOf(offer) };
}

function forwardEvent({ offer, url, access, shareUrl }: OpenForward): ClientEvent {
  return {
    event: 'forward',
    ...serviceOf(offer),
    url,
    ...(access === undefined ? {} : { access }),
    ...(shareUrl === undefined ? {} : { shareUrl }),
  };
}

function exitEvent(outcome: Outcome): ClientEvent {
  const code = exitCode(outcome);
  return outcome.kind === 'ok' ? { event: 'exit', code } : { event: 'exit', code, reason: outcome.reason };
}

function serviceOf(offer: Offer): Service {
  return { service: offer.service ?? null, port: offer.port ?? null, target: formatTarget(offer.target) };
}
