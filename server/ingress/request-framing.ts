import type { RawRequest, RequestHead } from './request-head.ts';

export interface Framing {
  readonly body: RequestHead['body'];
  readonly problem: string | undefined;
}

/** How long a request's body is, told in one way only (RFC 9112, 6.3): all that is ambiguous is refused. */
export function readFraming(
  raw: RawRequest,
  transferEncoding: string | undefined,
  contentLength: string | undefined,
): Framing {
  if (transferEncoding !== undefined) {
    return { body: 'chunked', problem: problemOf(raw, transferEncoding, contentLength) };
  }
  if (raw.version === '2') {
    const body = contentLength === undefined ? 'chunked' : 'length';
    return { body: raw.hasBody ? body : 'none', problem: undefined };
  }
  const empty = contentLength === undefined || /^0+$/.test(contentLength);
  return empty ? noBody : ofLength;
}

const noBody: Framing = { body: 'none', problem: undefined };
const ofLength: Framing = { body: 'length', problem: undefined };

function problemOf(
  raw: RawRequest,
  transferEncoding: string,
  contentLength: string | undefined,
): string | undefined {
  if (transferEncoding.toLowerCase() !== 'chunked' || raw.version !== '1.1') {
    return 'This Transfer-Encoding is not supported.';
  }
  return contentLength === undefined ? undefined : 'There are both a Content-Length and a Transfer-Encoding.';
}
