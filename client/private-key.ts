import ssh2, { type ParsedKey } from 'ssh2';

/** What the text of a private key file turned out to be. */
export type PrivateKey =
  | { readonly kind: 'key'; readonly key: ParsedKey }
  | { readonly kind: 'encrypted' }
  | { readonly kind: 'unusable'; readonly problem: string };

/**
 * Reads a private key in OpenSSH's, the old PEM, or PuTTY's format. A wrong passphrase gives `encrypted`
 * again.
 */
export function parsePrivateKey(text: string, passphrase?: string): PrivateKey {
  const parsed = ssh2.utils.parseKey(text, passphrase);
  if (parsed instanceof Error) return isEncrypted(text) ? { kind: 'encrypted' } : unusable(text);
  if (!parsed.isPrivateKey()) return { kind: 'unusable', problem: 'is a public key' };
  return { kind: 'key', key: parsed };
}

/** Whether a passphrase is needed, by what the file says about itself. */
export function isEncrypted(text: string): boolean {
  const openssh = /-----BEGIN OPENSSH PRIVATE KEY-----([\sA-Za-z0-9+/=]*)/.exec(text)?.[1];
  if (openssh !== undefined) return opensshCipher(Buffer.from(openssh, 'base64')) !== 'none';
  return /^Proc-Type: 4,ENCRYPTED/m.test(text) || /^Encryption: (?!none)/m.test(text);
}

const magic = 'openssh-key-v1\0';

/** The first field after the magic (OpenSSH's PROTOCOL.key); `none` when there is none. */
function opensshCipher(blob: Buffer): string {
  const start = magic.length + 4;
  if (blob.length < start || blob.toString('latin1', 0, magic.length) !== magic) return 'none';
  return blob.toString('latin1', start, start + blob.readUInt32BE(magic.length));
}

function unusable(text: string): PrivateKey {
  if (/-----BEGIN (?:ENCRYPTED )?PRIVATE KEY-----/.test(text)) {
    return {
      kind: 'unusable',
      problem: "is in PKCS#8: `ssh-keygen -p -f FILE` rewrites it in OpenSSH's format",
    };
  }
  return { kind: 'unusable', problem: 'is not a private key that can be used here' };
}
