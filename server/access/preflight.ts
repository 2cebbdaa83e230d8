import type { AccessRequest } from './decision.ts';
import { mayCall } from './origins.ts';
import type { OriginRules } from './origins.ts';

const token = /^[\w!#$%&'*+.^`|~-]{1,64}$/;
const maxHeadersLength = 2048;
const maxAgeSeconds = 600;

/**
 * The header fields of the answer to a CORS preflight (Fetch, 4.8), names and values in turn: pages that may call the environment may use every method and
 * header there, as the app itself decides about the request that follows. Undefined for every other request. It says nothing of what is there.
 */
export function preflightHeaders(
  { method, place, upgrade, context }: Pick<AccessRequest, 'method' | 'place' | 'upgrade' | 'context'>,
  rules: OriginRules,
): readonly string[] | undefined {
  const { origin, corsMethod, corsHeaders } = context;
  if (method !== 'OPTIONS' || upgrade || origin === undefined || corsMethod === undefined) return undefined;
  if (!mayCall(origin, place.env, rules) || !token.test(corsMethod)) return undefined;
  const names = corsHeaders === undefined ? [] : readNames(corsHeaders);
  if (names === undefined) return undefined;
  return [
    ...['Access-Control-Allow-Origin', origin],
    ...['Access-Control-Allow-Credentials', 'true'],
    ...['Access-Control-Allow-Methods', corsMethod],
    ...(names.length === 0 ? [] : ['Access-Control-Allow-Headers', names.join(', ')]),
    ...['Access-Control-Max-Age', String(maxAgeSeconds)],
    ...['Vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'],
  ];
}

function readNames(list: string): readonly string[] | undefined {
  if (list.length > maxHeadersLength) return undefined;
  const names = list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.every((name) => token.test(name)) ? names : undefined;
}
