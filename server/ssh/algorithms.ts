import type { Algorithms } from 'ssh2';

/**
 * What the SSH server offers, best first. Key exchange is curve25519 alone: finite-field groups stall the event loop for up to 184 ms each.
 * No chacha20-poly1305: OpenSSH would always pick it, and it is slower here and open to Terrapin's prefix truncation. CTR comes with
 * encrypt-then-MAC first; Dropbear's client knows neither that nor GCM, and so hmac-sha2-256 is last. It is no door for Terrapin, which
 * needs CBC or chacha20. No CBC, no SHA-1, no compression.
 */
export const serverAlgorithms = {
  kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org'],
  serverHostKey: ['ssh-ed25519'],
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256'],
  compress: ['none'],
} satisfies Algorithms;
