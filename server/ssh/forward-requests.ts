import type { Connection, SocketBindInfo, TcpipBindInfo } from 'ssh2';
import type { ForwardRequest } from '../../core/forward.ts';
import type { Forwarding } from './forwarding.ts';
import type { Refusal } from './refusals.ts';

/** A forward request as ssh2 hands it over; the answers are missing when the client wants none. */
interface Message {
  readonly accept: ((port?: number) => void) | undefined;
  readonly reject: (() => void) | undefined;
  readonly name: string;
  readonly info: TcpipBindInfo | SocketBindInfo | undefined;
}

export interface ForwardRequestsOptions {
  readonly forwarding: Forwarding;
  /** For those who can be told the reason; the client itself gets none. */
  readonly onRefused: (refusal: Refusal) => void;
  /** Something of ours failed while it answered. */
  readonly onFault: (error: unknown) => void;
}

/** Answers a client that asks for forwards and withdraws them (RFC 4254 section 7.1, OpenSSH's PROTOCOL section 2.4). */
export function answerForwardRequests(connection: Connection, options: ForwardRequestsOptions): void {
  connection.on('request', (accept, reject, name, info) => {
    // ssh2 runs this inside its parser; what throws there ends the connection without a word in the log.
    try {
      answer({ accept, reject, name, info }, options);
    } catch (error) {
      options.onFault(error);
    }
  });
}

function answer(message: Message, { forwarding, onRefused }: ForwardRequestsOptions): void {
  const { accept, reject, name } = message;
  const request = requestOf(message.info);
  if (request === undefined) {
    reject?.();
    return;
  }
  if (name.startsWith('cancel-')) {
    if (forwarding.cancel(request)) accept?.();
    else reject?.();
    return;
  }
  const result = forwarding.request(request);
  if (result.ok) {
    accept?.(result.port);
    return;
  }
  onRefused({ request, reason: result.reason, code: result.code });
  reject?.();
}

function requestOf(info: Message['info']): ForwardRequest | undefined {
  if (info === undefined) return undefined;
  if ('socketPath' in info) return { kind: 'streamlocal', socketPath: info.socketPath };
  return { kind: 'tcpip', bindAddr: info.bindAddr, bindPort: info.bindPort };
}
