import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';

/** An upstream did not speak TLS, or none that we accept. Nothing of a request was sent. */
export class TlsHandshakeError extends Error {
  constructor(cause: unknown) {
    super('the TLS handshake with the upstream failed', { cause });
    this.name = 'TlsHandshakeError';
  }
}

/**
 * TLS to a `scheme=https` upstream, inside a channel. Its certificate is not verified: the channel ends on the machine that
 * the upstream runs on, is encrypted itself, and development servers sign their own certificates.
 */
export function openTls(
  channel: Duplex,
  options: { readonly servername: string; readonly timeoutMs: number },
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      socket: channel,
      servername: isIP(options.servername) === 0 ? options.servername : '',
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    });
    const timer = setTimeout(() => fail(new Error('no TLS handshake in time')), options.timeoutMs);
    const onClose = (): void => fail(new Error('the upstream closed the connection'));
    socket.on('error', (error: Error) => fail(error));
    socket.once('close', onClose);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.off('close', onClose);
      resolve(socket);
    });
    // Closing TLS waits for its peer; the channel is to be free at once.
    socket.once('close', () => channel.destroy());

    function fail(cause: Error): void {
      clearTimeout(timer);
      socket.destroy();
      channel.destroy();
      reject(new TlsHandshakeError(cause));
    }
  });
}
