import { forwardKey } from '../../core/forward.ts';
import type { ChannelFailure, Forward } from '../tunnel/forward.ts';
import type { CallFailure } from './call.ts';
import type { Fact, Failure } from './error-answer.ts';
import { TlsHandshakeError } from './tls-channel.ts';

/** What the visitor is told about a request that its upstream did not answer. */
export function failureOfCall(failure: CallFailure, forward: Forward): Failure {
  switch (failure.kind) {
    case 'not-opened':
      return notOpened(failure.failure, forward);
    case 'not-processed':
      if (failure.cause instanceof TlsHandshakeError) {
        return protocol('The service does not speak TLS, which scheme=https asks for.', forward);
      }
      return forward.live ? protocol('The service refused to take the request.', forward) : notSent;
    case 'closed':
      return forward.live
        ? protocol('The service closed the connection without an answer.', forward)
        : { code: 'ERR_UPSTREAM_LOST' };
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
};

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
  return { code: 'ERR_UPSTREAM_REFUSED', reason, facts: [addressOf(forward), ...said] };
}

/** The address that the machine dialled, when its client names it; else the forward that stands for it, which is all that SSH tells. */
function describe(detail: string, forward: Forward): string {
  const [address] = /(?:\[[0-9a-f:.]+\]|[\w.-]+):\d{1,5}\b/i.exec(detail) ?? [];
  return address ?? `the address that ${remoteSpec(forward)} forwards to`;
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
