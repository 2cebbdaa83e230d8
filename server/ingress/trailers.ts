import { hopByHopNames } from './header-kinds.ts';

/** Fields that mean something before the body only: framing, routing, identity, cookies (RFC 9110, 6.5.1). */
const headOnly = new Set([
  ...hopByHopNames,
  'authorization',
  'clear-site-data',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'location',
  'set-cookie',
  'set-cookie2',
  'strict-transport-security',
  'x-real-ip',
  'x-request-id',
]);

/** The trailers that may pass, in either direction: names and values in turn. */
export function passingTrailers(rawTrailers: readonly string[]): readonly string[] {
  if (rawTrailers.length === 0) return rawTrailers;
  const kept: string[] = [];
  for (let i = 0; i + 1 < rawTrailers.length; i += 2) {
    const name = rawTrailers[i] ?? '';
    const value = rawTrailers[i + 1] ?? '';
    if (mayPass(name.toLowerCase().replaceAll('_', '-')) && isFieldValue(value)) kept.push(name, value);
  }
  return kept;
}

function mayPass(name: string): boolean {
  return !headOnly.has(name) && !name.startsWith('x-forwarded-') && !name.startsWith('porthole-');
}

/** RFC 9110, 5.5. HTTP/2 in Node lets more through than HTTP/1.1 there takes. */
function isFieldValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
