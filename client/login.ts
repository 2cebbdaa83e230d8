import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { ChannelOpening } from './channel-openings.ts';
import { type ConnectionTimings, defaultTimings, openConnection, type SshConnection } from './connection.ts';
import { type CertificateSources, withCertificates } from './certificates.ts';
import type { Failure } from './failure.ts';
import type { HostKeyPolicy } from './host-key.ts';
import type { Identity } from './identity.ts';
import type { RenewedCredential } from './renewed-credential.ts';
import type { ServerAddress } from './server-url.ts';
import { dial } from './transport.ts';

/** All that it takes to log in to one gateway: where it is, how it is checked, and who asks. */
export interface GatewayAccess {
  readonly server: ServerAddress;
  /** For TLS; undefined for bare TCP. */
  readonly trust: SecureContext | undefined;
  readonly hostKey: HostKeyPolicy;
  readonly identities: readonly Identity[];
  /** Where certificates for them are looked for, before each login; nowhere if not given. */
  readonly certificates?: CertificateSources | undefined;
  /** Where the keys come from, if they are good for a while only. */
  readonly credential?: RenewedCredential | undefined;
  /** The SSH user name: the environment. */
  readonly user: string;
}

/** With the keys alone: a certificate cannot get another one. */
export function withoutCertificates({ certificates: _none, ...access }: GatewayAccess): GatewayAccess {
  return { ...access, identities: access.identities.filter(({ isCertificate }) => isCertificate !== true) };
}

/** The keys alone first, and with certificates only where those are not taken. */
export async function keysFirst({ certificates, ...access }: GatewayAccess): Promise<GatewayAccess> {
  const offered = await offeredIdentities({ ...access, certificates });
  const identities = offered.toSorted(
    (a, b) => Number(a.isCertificate ?? false) - Number(b.isCertificate ?? false),
  );
  return { ...access, identities };
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
  const { server, trust, user, hostKey } = access;
  const identities = await offeredIdentities(access);
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

function offeredIdentities({ identities, certificates }: GatewayAccess): Promise<readonly Identity[]> {
  return certificates === undefined
    ? Promise.resolve(identities)
    : withCertificates(identities, certificates, Date.now());
}

function destroyOnAbort(socket: Socket, signal: AbortSignal): () => void {
  const onAbort = (): unknown => socket.destroy();
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  return () => signal.removeEventListener('abort', onAbort);
}
