/** What a page may read besides the status and the body. */
const exposed = 'Porthole-Error, Porthole-Error-Id, Retry-After, WWW-Authenticate';

/** The header fields by which pages of this origin may read an answer, asked for with cookies or without (Fetch, 3.2): names and values in turn. */
export function readableBy(origin: string): readonly string[] {
  return [
    ...['Access-Control-Allow-Origin', origin],
    ...['Access-Control-Allow-Credentials', 'true'],
    ...['Access-Control-Expose-Headers', exposed],
    ...['Vary', 'Origin'],
  ];
}
