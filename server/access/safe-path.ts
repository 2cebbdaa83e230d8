import { decodedOctets } from './spelling.ts';

/** The most octets of a path that a hand-over carries; what is longer comes back to the start page. */
export const maxPathBytes = 2048;

/**
 * A path with its query that stays on the host that it is on, whatever browser, proxy or framework reads it, also one that decodes it once more
 * than it should; undefined for any other text. It is never resolved, only put behind an origin.
 */
export function safePath(text: string): string | undefined {
  if (text.length > maxPathBytes || !staysHere(text)) return undefined;
  const [path = ''] = text.split(/[?#]/, 1);
  const once = decodedOctets(path);
  return decodesWell(once) && decodesWell(decodedOctets(once)) ? text : undefined;
}

/** Where a request went, as a path that a hand-over may carry: what cannot be one comes back to the start page. */
export function returnPath(path: string): string {
  return safePath(encodedPath(path)) ?? '/';
}

/** A path as URLs have it (RFC 3986, 2): every octet that is no visible ASCII is percent-encoded. */
export function encodedPath(path: string): string {
  return path.replace(
    /[^\x21-\x7e]/g,
    (octet) => `%${octet.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  );
}

/** One slash at its start, and no second one, nor a backslash, which browsers take for a slash; and nothing that a URL does not have as it is. */
function staysHere(text: string): boolean {
  return /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(text);
}

/** The same of what the path is for whoever decodes it: that may have any letters, but nothing that ends a line. */
function decodesWell(text: string): boolean {
  return /^\/(?!\/)[^\\\0-\x1f\x7f]*$/.test(text);
}
