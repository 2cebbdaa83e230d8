import { remembering } from '../../core/remembering.ts';
import { embedCookieName, hostCookieName, ownCookie, partitionedCookie } from './cookie-names.ts';
import { cookieValues, rememberedCookies } from './cookie-values.ts';
import type { Pass } from './pass.ts';
import type { Sealer } from './seal.ts';

/** What the cookie of a preview's host says, which was genuine and good when it was read. */
export interface Held {
  readonly pass: Pass;
  /** The labels of the hosts of the same environment that the browser was led through. */
  readonly planted: readonly string[];
  /** When it was sealed. Milliseconds since the epoch. */
  readonly atMs: number;
  readonly expiresAtMs: number;
  /** Due to be sealed anew: an hour old, or by a key that is not the newest. */
  readonly stale: boolean;
}

export interface HostCookieContext {
  /** The host that was asked, in lower case, without port and final dot. A cookie of another host opens nothing here. */
  readonly host: string;
  readonly sealer: Sealer;
  readonly nowMs: number;
}

/** The most labels that a cookie remembers: with them it stays far below what a browser keeps. */
export const maxPlanted = 16;
const rotateAfterMs = 3_600_000;
/** A clock that was set back a little, or another gateway's. */
const maxSkewMs = 120_000;

/** The `Set-Cookie` values for a pass. `embed`: also for the page in a frame of another site. */
export function hostCookies(
  held: Pick<Held, 'pass' | 'planted' | 'expiresAtMs'>,
  { host, sealer, nowMs, embed }: HostCookieContext & { readonly embed: boolean },
): string[] {
  const { pass, planted, expiresAtMs } = held;
  const hosts = planted.slice(0, maxPlanted);
  const sealed = sealer.seal(
    'host',
    host,
    JSON.stringify({
      p: `${pass.kind === 'session' ? 's' : 'g'}:${pass.id}`,
      at: nowMs,
      exp: expiresAtMs,
      ...(hosts.length > 0 && { hosts }),
    }),
  );
  const seconds = Math.max(0, Math.floor((expiresAtMs - nowMs) / 1000));
  const cookie = ownCookie(hostCookieName, sealed, seconds);
  return embed ? [cookie, partitionedCookie(embedCookieName, sealed, seconds)] : [cookie];
}

/** What the cookies of a `Cookie` header say that are genuine, of this host and not over: the first few of each name. */
export function heldFor(cookieHeader: string | undefined, context: HostCookieContext): readonly Held[] {
  return sealedPasses(cookieHeader)
    .map((sealed) => readHeld(sealed, context))
    .filter((held) => held !== undefined);
}

/** The values of the cookies that may hold a pass, genuine or not. */
export function sealedPasses(cookieHeader: string | undefined): readonly string[] {
  return cookieHeader?.includes('__Host-porthole_') === true ? passesIn(cookieHeader) : none;
}

const none: readonly string[] = [];

const passesIn = remembering(
  (header: string): readonly string[] => [
    ...cookieValues(header, hostCookieName),
    ...cookieValues(header, embedCookieName),
  ],
  rememberedCookies,
);

/** Undefined for what is forged, of another host, or over. */
export function readHeld(sealed: string, { host, sealer, nowMs }: HostCookieContext): Held | undefined {
  const opened = sealer.open('host', host, sealed);
  if (opened === undefined) return undefined;
  const said = readJson(opened.text);
  const pass = readPass(said?.['p']);
  const { at: atMs, exp: expiresAtMs, hosts } = said ?? {};
  if (pass === undefined || typeof atMs !== 'number' || typeof expiresAtMs !== 'number') return undefined;
  if (expiresAtMs <= nowMs || atMs > nowMs + maxSkewMs) return undefined;
  const stale = opened.old || nowMs - atMs >= rotateAfterMs;
  return { pass, planted: readLabels(hosts), atMs, expiresAtMs, stale };
}

/** The `Set-Cookie` values that end the pass of a host. */
export function clearHostCookies(): string[] {
  return [ownCookie(hostCookieName, '', 0), partitionedCookie(embedCookieName, '', 0)];
}

function readPass(text: unknown): Pass | undefined {
  const [, kind, id = ''] = typeof text === 'string' ? (/^([sg]):([a-z2-7]{1,32})$/.exec(text) ?? []) : [];
  if (kind === undefined) return undefined;
  return { kind: kind === 's' ? 'session' : 'grant', id };
}

function readLabels(labels: unknown): readonly string[] {
  return Array.isArray(labels) ? labels.filter((label) => typeof label === 'string') : [];
}

function readJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
