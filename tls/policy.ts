import { constants } from 'node:crypto';

/** TLS 1.0 and 1.1 are deprecated (RFC 8996). */
export const minVersion = 'TLSv1.2';

/**
 * AEAD suites with forward secrecy only (RFC 9325, section 4.2), in our order of preference.
 * AES-128-GCM comes first because it is the cheapest on every CPU with AES instructions; a client that lists
 * ChaCha20 first has none, and is obeyed (see `secureOptions`).
 */
export const cipherSuites = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
].join(':');

/**
 * The key exchange groups: fast and constant-time in OpenSSL, with the post-quantum hybrid where this OpenSSL has it
 * (from 3.5 on). The large ones (P-521, finite fields) cost an attacker nothing and us much.
 */
export const groups = knowsMlKem(process.versions.openssl)
  ? 'X25519MLKEM768:X25519:P-256:P-384'
  : 'X25519:P-256:P-384';

/**
 * Our order of suites counts, except that a client which prefers ChaCha20 gets it. Renegotiation is refused with
 * an alert: no client of ours needs it, and it lets one connection cost many handshakes.
 */
export const secureOptions =
  constants.SSL_OP_CIPHER_SERVER_PREFERENCE |
  constants.SSL_OP_PRIORITIZE_CHACHA |
  constants.SSL_OP_NO_RENEGOTIATION;

/** What is offered by ALPN, in our order of preference. A client that offers only others gets a `no_application_protocol` alert. */
export const alpnProtocols: readonly string[] = ['h2', 'http/1.1', 'ssh'];

/** Seconds for which a session ticket is good: long enough for a working day's tabs, within the life of a ticket key. */
export const sessionLifetimeSeconds = 4 * 60 * 60;

/** How long one ticket key is used: a stolen one opens no more TLS 1.2 sessions than those of a day. */
export const ticketKeyLifetimeMs = 24 * 60 * 60 * 1000;

/**
 * By its version: trying it out would leave an error in OpenSSL's queue, where Node takes it for one of the next
 * operation's.
 */
function knowsMlKem(opensslVersion: string): boolean {
  const [major = 0, minor = 0] = opensslVersion.split('.').map((part) => Number.parseInt(part, 10));
  return major > 3 || (major === 3 && minor >= 5);
}
