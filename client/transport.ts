import { X509Certificate } from 'node:crypto';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { lost, refused, type Failure } from './failure.ts';
import { oneLine } from './printable.ts';
import { formatHostPort, type ServerAddress } from './server-url.ts';
import { describeSocketError } from './socket-error.ts';

export interface DialOptions {
  readonly server: ServerAddress;
  /** Only for TLS: whom to trust. */
  readonly trust: SecureContext | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export type Dialled = { readonly kind: 'dialled'; readonly socket: Socket } | Failure;

/** Certificates that the verifier refuses only because of what the clock says. */
const timeProblems = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

/**
 * Trust in these PEM certificates alone, or, without any, in what Node and the system trust. Made once: it is
 * slow. Throws when the text holds no certificate.
 */
export function trustIn(caPem: string | undefined): SecureContext {
  return createSecureContext({
    ca: caPem === undefined ? everybodyTrusted() : certificatesIn(caPem),
    minVersion: 'TLSv1.2',
  });
}

function everybodyTrusted(): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}

/** A context takes any text, and then trusts nobody; so the certificates are read here. */
function certificatesIn(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error('there is no certificate in it');
  return blocks.map((block) => new X509Certificate(block).toString());
}

/**
 * A byte stream to the gateway. Over TLS the peer's certificate has been verified for the host when it is
 * handed out.
 */
export function dial(options: DialOptions): Promise<Dialled> {
  const { server, timeoutMs, signal } = options;
  return new Promise((resolve) => {
    const { socket, readyEvent } = open(options);
    const settle = (outcome: Dialled): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.off(readyEvent, onReady);
      if (outcome.kind !== 'dialled') socket.destroy();
      resolve(outcome);
    };
    const onAbort = (): void => settle(lost('stopped'));
    const onReady = (): void => settle({ kind: 'dialled', socket });
    const timer = setTimeout(
      () => settle(lost(`${where(server)} did not answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    // Stays for the socket's whole life: who takes the socket over learns of errors by 'close'.
    socket.on('error', (error) => settle(dialFailure(error, socket, server)));
    socket.once('close', () => settle(lost(`${where(server)} closed the connection`)));
    socket.once(readyEvent, onReady);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
}

function open({ server, trust }: DialOptions): { socket: Socket; readyEvent: 'connect' | 'secureConnect' } {
  const { host, port } = server;
  if (server.transport === 'tcp')
    return { socket: connectTcp({ host, port, noDelay: true }), readyEvent: 'connect' };
  const socket = connectTls({
    host,
    port,
    ALPNProtocols: ['ssh'],
    ...(trust === undefined ? {} : { secureContext: trust }),
    // An address is not a server name (RFC 6066 section 3); the certificate is still verified for it.
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  socket.setNoDelay(true);
  return { socket, readyEvent: 'secureConnect' };
}

function dialFailure(error: NodeJS.ErrnoException, socket: Socket, server: ServerAddress): Failure {
  const code = error.code ?? '';
  if (
    'authorizationError' in socket &&
    socket.authorizationError !== null &&
    socket.authorizationError !== undefined
  ) {
    return certificateFailure(error, server);
  }
  if (code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL') {
    return lost(`${where(server)} speaks TLS but no SSH in it (ALPN ssh): is it a Porthole gateway?`);
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return lost(
      `${where(server)} does not speak TLS: for a bare SSH port write --server ssh://${where(server)}`,
    );
  }
  return lost(describeSocketError(error, where(server)));
}

function certificateFailure(error: NodeJS.ErrnoException, server: ServerAddress): Failure {
  const code = error.code ?? '';
  const reason = `the certificate of ${where(server)} is not trusted: ${oneLine(error.message)} (${code})`;
  if (timeProblems.has(code)) return refused('certificate-time', reason);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return refused('certificate', reason);
  return refused('certificate', `${reason}; pass the gateway's CA with --ca FILE or PORTHOLE_CA`);
}

function where(server: ServerAddress): string {
  return formatHostPort(server.host, server.port);
}
