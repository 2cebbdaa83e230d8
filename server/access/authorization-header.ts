/** What an `Authorization` header shows (RFC 7617, RFC 6750); undefined for other schemes, and what is not well-formed. */
export type Shown =
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string };

const maxLength = 16 * 1024;

export function readAuthorization(value: string): Shown | undefined {
  if (value.length > maxLength) return undefined;
  const [, scheme = '', shown = ''] = /^([A-Za-z]+) +([^\s,]+) *$/.exec(value) ?? [];
  switch (scheme.toLowerCase()) {
    case 'basic':
      return readBasic(shown);
    case 'bearer':
      return /^[\w.~+/-]+=*$/.test(shown) ? { kind: 'bearer', token: shown } : undefined;
    default:
      return undefined;
  }
}

function readBasic(base64: string): Shown | undefined {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(base64)) return undefined;
  const text = decode(Buffer.from(base64, 'base64'));
  const colon = text.indexOf(':');
  if (colon === -1) return undefined;
  return { kind: 'basic', user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Those that do not know of `charset="UTF-8"` send Latin-1. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}
