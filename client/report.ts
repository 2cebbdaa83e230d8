import type { LocalFailure } from './forwarder.ts';
import { exitCode, type Outcome } from './outcome.ts';
import type { OpenForward, RefusedForward, Settled } from './session.ts';
import { formatTarget, type Offer, offerName } from './target.ts';
import type { ConnectionState } from './tunnels.ts';

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
  /** Of so many connections that are wanted so many serve. */
  | { readonly event: 'tunnels'; readonly live: number; readonly wanted: number }
  /** The service is no longer offered: its container is gone. */
  | ({ readonly event: 'forward-withdrawn' } & Service)
  /** Connected, and nothing to offer yet. */
  | { readonly event: 'no-services' }
  /** The gateway is about to end this connection and serves it for so long; another one is made at once. */
  | { readonly event: 'draining'; readonly graceMs: number }
  /** The new connection serves; the old one finishes what runs on it. */
  | { readonly event: 'moved' }
  | { readonly event: 'disconnected'; readonly reason: string }
  | { readonly event: 'retrying'; readonly inMs: number; readonly reason: string }
  | { readonly event: 'url-file-failed'; readonly reason: string }
  /** No key was found, so one was made: this line must be added at the gateway. */
  | { readonly event: 'key-created'; readonly file: string; readonly publicKey: string }
  | DockerEvent
  | TargetEvent
  /** The certificate of a job, for which a token of its CI system was exchanged. */
  | CredentialEvent
  | { readonly event: 'exit'; readonly code: number; readonly reason?: string };

/** What the discovery of containers tells. */
export type DockerEvent =
  /** `lost`: the engine is away; what runs stays offered until it is back and says otherwise. */
  | { readonly event: 'docker'; readonly state: 'watching' | 'lost'; readonly reason?: string }
  | { readonly event: 'container-skipped'; readonly container: string; readonly reason: string };

/** What is told of the machine whose SSH server is offered: who it is for the gateway, or why that is not settled. */
export type TargetEvent =
  | {
      readonly event: 'target';
      /** `unconfirmed`: it is not as the gateway knows it, and people are warned until an owner has looked. */
      readonly state: 'new' | 'known' | 'moved' | 'unconfirmed';
      readonly id: string;
      readonly name: string;
      readonly env: string;
      /** The fingerprints of the host keys that it shows now; `unpinned` are those among them that the gateway does not know. */
      readonly hostKeys: readonly string[];
      readonly unpinned: readonly string[];
    }
  | {
      readonly event: 'target-problem';
      readonly state: 'ssh-server' | 'id' | 'conflict' | 'refused' | 'later' | 'unsupported';
      readonly reason: string;
    };

/** What is told of a certificate as it comes, or does not. */
export type CredentialEvent =
  | {
      readonly event: 'certificate';
      readonly state: 'obtained' | 'renewed';
      readonly principal: string;
      readonly role: string;
      readonly env: readonly string[];
      readonly expiresAt: string;
    }
  | {
      readonly event: 'certificate';
      readonly state: 'not-renewed';
      readonly reason: string;
      readonly expiresAt: string;
    };

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
        { event: 'connected', server: place.server, env: state.settled.env || place.env },
        ...allOf(state.settled),
      ];
    case 'changed':
      return changes(state.before, state.settled);
    case 'tunnels':
      return [{ event: 'tunnels', live: state.live, wanted: state.wanted }];
    case 'draining':
      return [{ event: 'draining', graceMs: state.graceMs }];
    case 'moved':
      return [{ event: 'moved' }];
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

function allOf({ open, refused }: Settled): ClientEvent[] {
  if (open.length + refused.length === 0) return [{ event: 'no-services' }];
  return [...open.map(forwardEvent), ...refused.map(refusedEvent)];
}

/** What is different for the user: new URLs, new refusals, services that are gone. */
function changes(before: Settled, after: Settled): ClientEvent[] {
  const told = new Set(allOf(before).map((event) => JSON.stringify(event)));
  const news = allOf(after).filter((event) => !told.has(JSON.stringify(event)));
  const names = new Set([...after.open, ...after.refused].map(({ offer }) => offerName(offer)));
  const gone = before.open.filter(({ offer }) => !names.has(offerName(offer)));
  return [
    ...gone.map(({ offer }): ClientEvent => ({ event: 'forward-withdrawn', ...serviceOf(offer) })),
    ...news,
  ];
}

function refusedEvent({ offer, reason }: RefusedForward): ClientEvent {
  return { event: 'forward-refused', ...serviceOf(offer), reason };
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
