import { createHash } from 'node:crypto';

/** The fingerprint of an SSH public key blob (RFC 4253, 6.6) as OpenSSH prints it: `SHA256:` and unpadded base64. */
export function fingerprint(publicKeyBlob: Uint8Array): string {
  const digest = createHash('sha256').update(publicKeyBlob).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}
