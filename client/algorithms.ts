import type { Algorithms, ServerHostKeyAlgorithm } from 'ssh2';

/** Key types as known_hosts names them, and the signature algorithms that each may be asked for. */
const hostKeyAlgorithms: readonly (readonly [
  keyType: string,
  algorithms: readonly ServerHostKeyAlgorithm[],
])[] = [
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
];

/**
 * What the client offers, best first: curve25519, AES-GCM (CTR only with encrypt-then-MAC), no compression.
 * Types of host key that are already known come first, so that a server with several keys shows one that can
 * be checked.
 */
export function clientAlgorithms(knownKeyTypes: readonly string[]): Algorithms {
  const known = hostKeyAlgorithms.filter(([type]) => knownKeyTypes.includes(type));
  const others = hostKeyAlgorithms.filter(([type]) => !knownKeyTypes.includes(type));
  return {
    kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org'],
    serverHostKey: [...known, ...others].flatMap(([, algorithms]) => algorithms),
    cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'],
    hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
    compress: ['none'],
  };
}
