import { forwardKey } from '../../core/forward.ts';
import type { ChannelFailure, Forward } from '../tunnel/forward.ts';
import type { CallFailure } from './call.ts';
import type { Fact, Failure } from './failure.ts';
import { TlsHandshakeError } from './tls-channel.ts';

export interface Telling {
  /** The request asks for nothing but an answer: it can be asked again without harm. */
  readonly safe: boolean;
}

/** What the visitor is told about a request that its upstream did not answer. */
export function failureOfCall(
  failure: CallFailure,
  forward: Forward,
  { safe }: Telling = { safe: false },
): Failure {
  switch (failure.kind) {
    case 'not-opened':
      return notOpened(failure.failure, forward);
    case 'not-sent':
      return notSent;
    case 'not-processed':
      return notProcessed(failure.cause, forward);
    case 'closed':
      if (!forward.live) return safe ? lostAsking : { code: 'ERR_UPSTREAM_LOST' };
      return failure.reused && !safe
        ? closedMeanwhile
        : protocol('The service closed the connection without an answer.', forward);
    case 'nonsense':
    case 'truncated':
      return { code: 'ERR_UPSTREAM_PROTOCOL', facts: [addressOf(forward)] };
  }
}

const notSent: Failure = {
  code: 'ERR_UPSTREAM_LOST',
  reason: 'The connection to the environment was lost before the request could be sent.',
  next: 'Try again in a moment.',
  retryAfterSeconds: 1,
  waitsUntil: 'it is back',
};

const lostAsking: Failure = {
  code: 'ERR_UPSTREAM_LOST',
  next: 'Try again in a moment.',
  retryAfterSeconds: 1,
  waitsUntil: 'it is back',
};

/** A connection that an earlier request had left open, and that the service closed just then: it may have read the request, or not. */
const closedMeanwhile: Failure = {
  code: 'ERR_UPSTREAM_LOST',
  reason: 'The service closed the connection while the request was on its way.',
};

function notProcessed(cause: unknown, forward: Forward): Failure {
  if (!forward.live) return notSent;
  return cause instanceof TlsHandshakeError
    ? protocol('The service does not speak TLS, which scheme=https asks for.', forward)
    : protocol('The service refused to take the request.', forward);
}

const refusedRetrySeconds = 2;

function notOpened(failure: ChannelFailure, forward: Forward): Failure {
  switch (failure.kind) {
    case 'refused':
    case 'prohibited':
      return refused(failure, forward);
    case 'timeout':
      return {
        code: 'ERR_UPSTREAM_TIMEOUT',
        reason: 'The machine did not reach the service in time.',
        facts: [addressOf(forward)],
      };
    case 'limit':
      return { code: 'ERR_BUSY', retryAfterSeconds: 1 };
    case 'gone':
      return notSent;
  }
}

function refused(
  failure: Extract<ChannelFailure, { kind: 'refused' | 'prohibited' }>,
  forward: Forward,
): Failure {
  const said =
    failure.detail === '' ? [] : [{ field: 'detail', label: 'The machine says', value: failure.detail }];
  const reason =
    failure.kind === 'refused'
      ? `Nothing accepts connections at ${describe(failure.detail, forward)}.`
      : `The machine does not allow connections to ${describe(failure.detail, forward)}.`;
  return {
    code: 'ERR_UPSTREAM_REFUSED',
    reason,
    retryAfterSeconds: refusedRetrySeconds,
    facts: [addressOf(forward), ...said],
    waitsUntil: 'the service accepts connections',
  };
}

/** The address that the machine dialled, when its client names it; else the forward that stands for it, which is all that SSH tells. */
function describe(detail: string, forward: Forward): string {
  const [address] = /(?:\[[0-9a-f:.]+\]|[\w.-]+):\d{1,5}\b/i.exec(detail) ?? [];
  const [, socket] = /(?:^|\s)(\/[\w./@+-]+)/.exec(detail) ?? [];
  return address ?? socket ?? `the address that ${remoteSpec(forward)} forwards to`;
}

function addressOf(forward: Forward): Fact {
  return { field: 'forward', label: 'Forward', value: remoteSpec(forward) };
}

function remoteSpec(forward: Forward): string {
  return `-R ${forwardKey(forward.request)}`;
}

function protocol(reason: string, forward: Forward): Failure {
  return { code: 'ERR_UPSTREAM_PROTOCOL', reason, facts: [addressOf(forward)] };
}
