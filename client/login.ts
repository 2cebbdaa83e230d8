import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { ChannelOpening } from './channel-openings.ts';
import { type ConnectionTimings, defaultTimings, openConnection, type SshConnection } from './connection.ts';
import type { Failure } from './failure.ts';
import type { HostKeyPolicy } from './host-key.ts';
import type { Identity } from './identity.ts';
import type { ServerAddress } from './server-url.ts';
import { dial } from './transport.ts';

/** All that it takes to log in to one gateway: where it is, how it is checked, and who asks. */
export interface GatewayAccess {
  readonly server: ServerAddress;
  /** For TLS; undefined for bare TCP. */
  readonly trust: SecureContext | undefined;
  readonly hostKey: HostKeyPolicy;
  readonly identities: readonly Identity[];
  /** The SSH user name: the environment. */
  readonly user: string;
}

export interface LoginTimings extends ConnectionTimings {
  /** From the first packet to the end of the TLS handshake. */
  readonly dialMs: number;
}

export const defaultLoginTimings: LoginTimings = { ...defaultTimings, dialMs: 10_000 };

export interface LoginParts {
  readonly timings: LoginTimings;
  readonly signal: AbortSignal;
  readonly onOpening: (opening: ChannelOpening) => void;
  /** The gateway asks for another connection; it serves this one for so long. */
  readonly onDrain?: ((graceMs: number) => void) | undefined;
}

/** The gateway may open at most so many channels at once; its own limit is lower. */
const maxChannels = 4096;

/** Dials the gateway and logs in. */
export async function logIn(
  access: GatewayAccess,
  { timings, signal, onOpening, onDrain }: LoginParts,
): Promise<{ kind: 'open'; connection: SshConnection } | Failure> {
  const { server, trust, user, identities, hostKey } = access;
  const dialled = await dial({ server, trust, timeoutMs: timings.dialMs, signal });
  if (dialled.kind !== 'dialled') return dialled;
  const forget = destroyOnAbort(dialled.socket, signal);
  const opened = await openConnection({
    socket: dialled.socket,
    user,
    identities,
    hostKey,
    maxChannels,
    onOpening,
    onDrain,
    timings,
  });
  forget();
  return opened;
}

function destroyOnAbort(socket: Socket, signal: AbortSignal): () => void {
  const onAbort = (): unknown => socket.destroy();
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  return () => signal.removeEventListener('abort', onAbort);
}
