import type { OutgoingHttpHeaders } from 'node:http2';
import { hopByHopNames } from './header-kinds.ts';

/**
 * Fields that HTTP/2 in Node takes only one of. A list that has more of one of them was not valid before; the first counts,
 * as with Node's HTTP/1.1.
 */
const singleFields = new Set([
  'access-control-allow-credentials',
  'access-control-max-age',
  'access-control-request-method',
  'age',
  'authorization',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'dnt',
  'etag',
  'expires',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'range',
  'referer',
  'retry-after',
  'tk',
  'upgrade-insecure-requests',
  'user-agent',
  'x-content-type-options',
]);

/** A flat list of header names and values as HTTP/2 in Node takes it: lower case, and nothing that HTTP/2 forbids (RFC 9113, 8.2.2). */
export function http2Headers(list: readonly string[]): OutgoingHttpHeaders {
  const headers = Object.create(null) as Record<string, string | string[]>;
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = (list[i] ?? '').toLowerCase();
    if (!hopByHopNames.has(name) || name === 'trailer') add(headers, name, list[i + 1] ?? '');
  }
  return headers;
}

/** The list that Node gives for a block of HTTP/2 headers, without its pseudo-headers. */
export function withoutPseudo(rawHeaders: readonly string[]): readonly string[] {
  let start = 0;
  while (rawHeaders[start]?.startsWith(':') === true) start += 2;
  return rawHeaders.slice(start);
}

function add(headers: Record<string, string | string[]>, name: string, value: string): void {
  const before = headers[name];
  if (before === undefined) headers[name] = value;
  else if (singleFields.has(name)) return;
  else if (typeof before === 'string') headers[name] = [before, value];
  else before.push(value);
}
