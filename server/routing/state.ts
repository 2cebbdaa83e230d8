import type { OpenResult } from '../tunnel/forward.ts';

/**
 * `ready`: a tunnel offers it. `degraded`: a tunnel offers it, but the machine cannot reach it, or does not answer. `reconnecting`: its tunnel is gone
 * for less than `hold`. `offline`: for longer, or it was withdrawn. `expired`: its `ttl` is over.
 */
export type ServiceState = 'ready' | 'degraded' | 'reconnecting' | 'offline' | 'expired';

/** From the most to the least alive. */
export const serviceStates = ['ready', 'degraded', 'reconnecting', 'offline', 'expired'] as const;

/** A service, as one forward shows it from its first moment until long after its last. */
export type ServiceStatus =
  | { readonly kind: 'ready' }
  | { readonly kind: 'degraded'; readonly cause: 'refused' | 'timeout' | 'silent'; readonly detail: string }
  | { readonly kind: 'reconnecting' }
  /** `withdrawn`: by its client, for less than `hold`, while the tunnel stayed. */
  | { readonly kind: 'offline'; readonly withdrawn: boolean }
  | { readonly kind: 'expired' };

/** What happens to a service. */
export type ServiceEvent =
  | { readonly kind: 'connected' }
  /** A channel of its forward was asked for. */
  | { readonly kind: 'opened'; readonly result: OpenResult; readonly detail?: string | undefined }
  /** Its machine leaves a ping unanswered for too long. */
  | { readonly kind: 'silent' }
  /** Its machine is heard again. */
  | { readonly kind: 'heard' }
  /** Its tunnel was told to move elsewhere. */
  | { readonly kind: 'draining' }
  | { readonly kind: 'lost' }
  /** `alone`: others of its environment are still offered. */
  | { readonly kind: 'withdrawn'; readonly alone: boolean }
  /** The last forward of its environment went. */
  | { readonly kind: 'deserted' }
  | { readonly kind: 'expired' }
  /** It is gone for as long as it is held. */
  | { readonly kind: 'hold-over' }
  /** The gateway was started again; this is what was known. */
  | { readonly kind: 'recalled'; readonly state: ServiceState };

export const ready: ServiceStatus = { kind: 'ready' };
export const offline: ServiceStatus = { kind: 'offline', withdrawn: false };
const reconnecting: ServiceStatus = { kind: 'reconnecting' };
const withdrawn: ServiceStatus = { kind: 'offline', withdrawn: true };
const expired: ServiceStatus = { kind: 'expired' };

/** What a service is after an event; the very same object when the event changes nothing. */
export function nextStatus(status: ServiceStatus, event: ServiceEvent): ServiceStatus {
  switch (event.kind) {
    case 'connected':
      return isLive(status) ? status : ready;
    case 'opened':
      return isLive(status) ? afterOpen(status, event.result, event.detail) : status;
    case 'silent':
      return isLive(status) ? degraded(status, 'silent') : status;
    case 'heard':
      return status.kind === 'degraded' && status.cause === 'silent' ? ready : status;
    case 'draining':
      // It serves until its tunnel goes.
      return status;
    case 'lost':
      return isLive(status) ? reconnecting : status;
    case 'withdrawn':
      if (!isLive(status)) return status;
      return event.alone ? withdrawn : reconnecting;
    case 'deserted':
      // A client that leaves cancels one forward after the other: all are as gone as the last one is.
      return status.kind === 'offline' && status.withdrawn ? reconnecting : status;
    case 'expired':
      return isLive(status) ? expired : status;
    case 'hold-over':
      return status.kind === 'reconnecting' || (status.kind === 'offline' && status.withdrawn)
        ? offline
        : status;
    case 'recalled':
      return isLive(status) ? status : recalled(event.state);
  }
}

/** The machine is busy or gone: that says nothing of the service. */
function afterOpen(status: ServiceStatus, result: OpenResult, detail: string | undefined): ServiceStatus {
  switch (result) {
    case 'accepted':
      return status.kind === 'ready' ? status : ready;
    case 'refused':
      return degraded(status, 'refused', detail);
    case 'timeout':
      // Of a machine that is silent that is no news.
      return status.kind === 'degraded' && status.cause === 'silent' ? status : degraded(status, 'timeout');
    case 'limit':
    case 'gone':
      return status;
  }
}

type Cause = (ServiceStatus & { kind: 'degraded' })['cause'];

const wordsOf: Record<Cause, string> = {
  refused: 'the machine refused the connection',
  timeout: 'the machine did not answer in time',
  silent: 'nothing is heard of the machine',
};

/** The first words of a refusal stand for all that follow. */
function degraded(status: ServiceStatus, cause: Cause, detail = wordsOf[cause]): ServiceStatus {
  return status.kind === 'degraded' && status.cause === cause ? status : { kind: 'degraded', cause, detail };
}

/** No tunnel survives a restart of the gateway; those that were there are expected back. */
function recalled(state: ServiceState): ServiceStatus {
  switch (state) {
    case 'ready':
    case 'degraded':
    case 'reconnecting':
      return reconnecting;
    case 'offline':
      return offline;
    case 'expired':
      return expired;
  }
}

function isLive(status: ServiceStatus): boolean {
  return status.kind === 'ready' || status.kind === 'degraded';
}

/**
 * The state of what consists of several: an environment of its services, a service of its forwards. It is as good as its best
 * part, and expired when all of them are.
 */
export function combinedState(parts: Iterable<ServiceState>): ServiceState {
  let best: ServiceState | undefined;
  for (const part of parts) {
    if (best === undefined) best = part;
    else if (rankOf[part] < rankOf[best]) best = part;
  }
  return best ?? 'offline';
}

const rankOf: Record<ServiceState, number> = {
  ready: 0,
  degraded: 1,
  reconnecting: 2,
  offline: 3,
  expired: 4,
};
