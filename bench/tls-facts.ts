import { once } from 'node:events';
import { connect } from 'node:tls';
import type { Endpoint } from './endpoint.ts';

const handshakeLimitMs = 10_000;

/** What a visitor's TLS connection to a peer uses, in words: HTTPS figures only compare when these are alike. */
export async function tlsFacts(endpoint: Endpoint): Promise<string> {
  const { hostname, port } = new URL(endpoint.root);
  const socket = connect({
    host: hostname,
    port: Number(port === '' ? 443 : port),
    servername: hostname,
    rejectUnauthorized: false, // Our own certificates; nothing is sent over this connection.
  });
  socket.on('error', () => {});
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(handshakeLimitMs) });
    const { nistCurve, bits } = socket.getPeerCertificate();
    const key = nistCurve ?? `${bits ?? 'unknown'} bits`;
    return `${socket.getProtocol() ?? ''} ${socket.getCipher().standardName}, certificate ${key}, no resumption`;
  } finally {
    socket.destroy();
  }
}
