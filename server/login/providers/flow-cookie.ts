import { ownCookie } from '../../access/cookie-names.ts';
import { cookieValues } from '../../access/cookie-values.ts';
import type { Sealer } from '../../access/seal.ts';
import type { LoginFlow } from './login-flow.ts';

export interface FlowCookieContext {
  /** The login host. */
  readonly host: string;
  readonly sealer: Sealer;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

export const flowCookieName = '__Host-porthole_oidc';
/** How long somebody may take at the provider. */
export const flowLifeMs = 600_000;

/** Several tabs log in at once, as after a browser was restarted. */
const maxFlows = 4;
/** Browsers drop a cookie of more than 4096 bytes with its name and attributes. */
const maxCookieLength = 3900;
/** What a sealer takes. */
const maxTextBytes = 2048;
const separator = '~';

/** The logins that this browser has begun and that are not over, the newest first. */
export function readFlows(
  cookieHeader: string | undefined,
  { host, sealer, nowMs }: FlowCookieContext,
): readonly LoginFlow[] {
  return cookieValues(cookieHeader, flowCookieName)
    .flatMap((value) => value.split(separator, maxFlows))
    .map((sealed) => sealer.open('state', host, sealed))
    .flatMap((opened) => readFlow(opened?.text) ?? [])
    .filter(({ at }) => nowMs - at < flowLifeMs && at - nowMs < flowLifeMs);
}

/** The `Set-Cookie` value that keeps these, the newest first: as many as a cookie holds. */
export function flowCookie(
  flows: readonly LoginFlow[],
  { host, sealer }: Pick<FlowCookieContext, 'host' | 'sealer'>,
): string {
  const sealed = flows.slice(0, maxFlows).map((flow) => sealer.seal('state', host, textOf(flow)));
  while (sealed.length > 1 && sealed.join(separator).length > maxCookieLength) sealed.pop();
  const seconds = sealed.length === 0 ? 0 : flowLifeMs / 1000;
  return ownCookie(flowCookieName, sealed.join(separator), seconds);
}

/** An address that is too long to be kept is forgotten: the browser then comes back to the first page of its host. */
function textOf(flow: LoginFlow): string {
  const text = JSON.stringify(flow);
  if (Buffer.byteLength(text) <= maxTextBytes) return text;
  const query = new URLSearchParams(flow.query);
  query.set('return', '/');
  return JSON.stringify({ ...flow, query: query.toString() } satisfies LoginFlow);
}

function readFlow(text: string | undefined): LoginFlow | undefined {
  const { verifier, provider, at, query } = fieldsOf(text);
  const isFlow =
    typeof verifier === 'string' &&
    /^[\w-]{43}$/.test(verifier) &&
    typeof provider === 'string' &&
    typeof at === 'number' &&
    typeof query === 'string';
  return isFlow ? { verifier, provider, at, query } : undefined;
}

function fieldsOf(text = ''): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
