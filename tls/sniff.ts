/** What the first bytes of a connection are: a protocol, not yet clear, or nothing that we speak. */
export type Sniffed = 'tls' | 'ssh' | 'http' | 'more' | 'unknown';

const tlsHandshakeRecord = 22;
const tlsClientHello = 1;
const maxTlsMinor = 4;
const maxTlsRecordBytes = 16_384;
const tlsBytes = 6;

const sshPrefix = Buffer.from('SSH-');

const minMethodLength = 3;
const maxMethodLength = 24;
const space = 0x20;
/** A PROXY header (version 1) from a peer that is not trusted with one would pass for a method. */
const proxyMethod = Buffer.from('PROXY ');
/** RFC 9110, 5.6.2: tchar. */
const tokenBytes = new Set(
  Buffer.from("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
);

/** No answer is 'more' once this many bytes are there. */
export const maxSniffBytes = maxMethodLength + 1;

/**
 * Tells TLS, SSH and HTTP apart by their first bytes, never by a single one. Once it has decided, further bytes do
 * not change the answer; it decides within `maxSniffBytes`.
 *
 * TLS: the header of a handshake record and the type of a ClientHello (RFC 8446, 5.1 and 4). SSH: the start of the
 * identification line (RFC 4253, 4.2). HTTP: a method token and a space (RFC 9112, 3), which covers HTTP/2's preface.
 */
export function sniff(bytes: Uint8Array): Sniffed {
  const first = bytes[0];
  if (first === undefined) return 'more';
  if (first === tlsHandshakeRecord) return sniffTls(bytes);
  const ssh = sniffSsh(bytes);
  return ssh === 'unknown' ? sniffHttp(bytes) : ssh;
}

function sniffTls(bytes: Uint8Array): Sniffed {
  const [, major = 3, minor = 0, high, low, handshake = tlsClientHello] = bytes;
  if (major !== 3 || minor > maxTlsMinor || handshake !== tlsClientHello) return 'unknown';
  if (high !== undefined && low !== undefined) {
    const length = high * 256 + low;
    if (length === 0 || length > maxTlsRecordBytes) return 'unknown';
  }
  return bytes.length < tlsBytes ? 'more' : 'tls';
}

function sniffSsh(bytes: Uint8Array): Sniffed {
  if (!startsLike(bytes, sshPrefix)) return 'unknown';
  return bytes.length < sshPrefix.length ? 'more' : 'ssh';
}

function sniffHttp(bytes: Uint8Array): Sniffed {
  const head = bytes.subarray(0, maxSniffBytes);
  const end = head.findIndex((byte) => !tokenBytes.has(byte));
  if (end === -1) return head.length < maxSniffBytes ? 'more' : 'unknown';
  if (head[end] !== space || end < minMethodLength) return 'unknown';
  return startsLike(head, proxyMethod) ? 'unknown' : 'http';
}

/** Whether as much as is there of the start is in the bytes. */
function startsLike(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, index) => index >= bytes.length || bytes[index] === byte);
}
