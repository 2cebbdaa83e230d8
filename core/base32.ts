const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** Bytes in the base32 of RFC 4648, section 6, in lower case and without padding: safe in a DNS label. */
export function base32(bytes: Uint8Array): string {
  let text = '';
  let pending = 0;
  let pendingBits = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    pendingBits += 8;
    while (pendingBits >= 5) {
      pendingBits -= 5;
      text += alphabet.charAt(pending >>> pendingBits);
      pending &= (1 << pendingBits) - 1;
    }
  }
  return pendingBits === 0 ? text : text + alphabet.charAt(pending << (5 - pendingBits));
}
