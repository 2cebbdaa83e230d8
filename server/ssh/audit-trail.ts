import { formatDuration } from '../../core/units.ts';
import type { AuditDetail, AuditEntry } from '../store/audit-entry.ts';
import type { Identity } from '../identity/identity.ts';
import type { LoginOutcome } from './login-outcome.ts';
import { describeRequest, type Refusal } from './refusals.ts';

/** Whose connection it is. */
interface Who {
  readonly identity: Identity;
  readonly env: string;
}

/** The connection itself, once somebody has logged in. */
interface Line {
  readonly id: string;
  readonly remoteAddress: string;
  readonly openedAt: number;
}

/** What the audit says of a login; undefined for a connection that tried none. */
export function loginEntry(outcome: LoginOutcome, at = Date.now()): AuditEntry | undefined {
  const { address } = outcome;
  if (outcome.kind === 'ok') {
    const { identity, env } = outcome;
    const { principal, fingerprint } = identity;
    const detail = { role: identity.role, ...sourceOf(identity) };
    return { at, principal, fingerprint, address, action: 'login', target: env, result: 'ok', detail };
  }
  if (outcome.attempt === undefined) return undefined;
  const { user, reason, fingerprints, tries } = outcome.attempt;
  const [fingerprint, ...others] = fingerprints.toReversed();
  return {
    at,
    ...(fingerprint !== undefined && { fingerprint }),
    address,
    action: 'login.refused',
    target: user,
    result: 'refused',
    detail: { reason, tries, ...(others.length > 0 && { others }) },
  };
}

/** A source has failed to log in so often that it may not try for a while. */
export function blockedEntry(
  { source, forMs }: { source: string; forMs: number },
  at = Date.now(),
): AuditEntry {
  const reason = `too many failed logins: blocked for ${formatDuration(forMs)}`;
  const detail = { reason, until: new Date(at + forMs).toISOString() };
  return { at, address: source, action: 'login.blocked', result: 'refused', detail };
}

export function tunnelEndEntry(who: Who, tunnel: Line, reason: string, at = Date.now()): AuditEntry {
  const detail = { reason, tunnelId: tunnel.id, seconds: Math.round((at - tunnel.openedAt) / 1000) };
  return { ...common(who, tunnel, at), action: 'tunnel.end', result: 'ok', detail };
}

export function forwardRefusedEntry(who: Who, tunnel: Line, refusal: Refusal, at = Date.now()): AuditEntry {
  const detail = { reason: refusal.reason, request: describeRequest(refusal.request), tunnelId: tunnel.id };
  return { ...common(who, tunnel, at), action: 'forward.refused', result: 'refused', detail };
}

/** A newer tunnel of the same owner has replaced older ones for a service. */
export function takeoverEntry(
  who: Who,
  tunnel: Line,
  { service, from }: { service: string | undefined; from: readonly string[] },
  at = Date.now(),
): AuditEntry {
  const detail = { ...(service !== undefined && { service }), tunnelId: tunnel.id, from };
  return { ...common(who, tunnel, at), action: 'tunnel.takeover', result: 'ok', detail };
}

function common({ identity, env }: Who, { remoteAddress }: Line, at: number) {
  const { principal, fingerprint } = identity;
  return { at, principal, fingerprint, address: remoteAddress, target: env };
}

function sourceOf({ source }: Identity): AuditDetail {
  if (source.kind !== 'certificate') return { source: source.kind };
  const { kind, serial, certificateId, authority } = source;
  return { source: kind, serial, certificateId, authority };
}
