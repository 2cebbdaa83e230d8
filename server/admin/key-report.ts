import { approximately, formatTime } from '../../core/moment.ts';
import { keyState, type KeyState } from '../identity/key-state.ts';
import type { KeyRecord } from '../identity/key-record.ts';
import { fileSource } from './key-services.ts';
import { short } from './table.ts';

export interface ReportMoment {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly unusedAfterMs: number;
}

/** Of a key of the file nobody notes its use. */
export function stateOf(key: KeyRecord, moment: ReportMoment): KeyState {
  return keyState(key, key.source === fileSource ? { ...moment, unusedAfterMs: Infinity } : moment);
}

/** A key for programs: every field, times in ISO 8601, `null` for what is not. */
export function keyJson(key: KeyRecord, moment: ReportMoment): Readonly<Record<string, unknown>> {
  return {
    name: key.name,
    principal: key.principal,
    role: key.role,
    env: key.envPatterns,
    widestAccess: key.widestAccess ?? null,
    fingerprint: key.fingerprint,
    type: key.type,
    bits: key.bits,
    comment: key.comment,
    publicKey: publicKeyLine(key),
    source: key.source,
    created: time(key.createdAt),
    createdBy: key.createdBy === '' ? null : key.createdBy,
    lastUsed: time(key.lastUsedAt),
    lastUsedFrom: key.lastUsedFrom ?? null,
    expires: time(key.expiresAt),
    preferred: key.preferred,
    state: stateOf(key, moment),
    revoked: time(key.revokedAt),
    revokedReason: key.revokedReason ?? null,
    touchRequired: isFido(key) ? key.options.touchRequired : null,
    verifyRequired: isFido(key) ? key.options.verifyRequired : null,
  };
}

/** `TYPE BASE64 COMMENT`. */
export function publicKeyLine({ type, blob, comment }: KeyRecord): string {
  return [type, blob, comment].filter((part) => part !== '').join(' ');
}

export function isFido({ type }: Pick<KeyRecord, 'type'>): boolean {
  return type.startsWith('sk-');
}

/** What a login with a FIDO key must show. */
export function touchText({ options }: Pick<KeyRecord, 'options'>): string {
  if (options.verifyRequired) return 'required, with a PIN or a fingerprint';
  return options.touchRequired ? 'required' : 'not required';
}

/** `ed25519 256`, `rsa 3072`, `ecdsa-sk 256`. */
export function kindOf({ type, bits }: Pick<KeyRecord, 'type' | 'bits'>): string {
  const family = /ed25519|ecdsa|rsa/.exec(type)?.[0] ?? type;
  return `${family}${isFido({ type }) ? '-sk' : ''} ${String(bits)}`;
}

/** `pr-*, staging`. */
export function patternsText(patterns: readonly string[]): string {
  if (patterns.length === 0) return 'none';
  return patterns.includes('*') ? 'any' : patterns.join(', ');
}

/** The most open that what it offers may be; undefined where the gateway alone says so. */
export function widestText({ widestAccess }: Pick<KeyRecord, 'widestAccess'>): string | undefined {
  return widestAccess === undefined ? undefined : `${widestAccess} at most`;
}

/** The columns of a list of keys; what they offer is limited in few places, and told there only. */
export function keyColumns({ limits }: { limits: boolean }): string[] {
  return [...columns.slice(0, limitColumn), ...(limits ? ['WIDEST'] : []), ...columns.slice(limitColumn)];
}

const columns = ['', 'NAME', 'PRINCIPAL', 'ROLE', 'ENVS', 'TYPE', 'COMMENT', 'LAST USED', 'EXPIRES', 'STATE'];
const limitColumn = columns.indexOf('TYPE');

/** One row of them. A star stands before the preferred one. */
export function keyRow(key: KeyRecord, moment: ReportMoment, { limits }: { limits: boolean }): string[] {
  return [
    key.preferred ? '*' : '',
    key.name,
    short(key.principal),
    key.role,
    short(patternsText(key.envPatterns)),
    ...(limits ? [key.widestAccess ?? '-'] : []),
    kindOf(key),
    short(key.comment),
    key.source === fileSource ? '-' : lastUse(key, moment.now),
    key.expiresAt === undefined ? 'never' : formatTime(key.expiresAt),
    stateOf(key, moment),
  ];
}

/** `3 hours ago from 203.0.113.7`. */
export function lastUse({ lastUsedAt, lastUsedFrom }: KeyRecord, now: number): string {
  if (lastUsedAt === undefined) return 'never';
  const from = lastUsedFrom === undefined ? '' : ` from ${lastUsedFrom}`;
  const ms = now - lastUsedAt;
  return `${ms < 1000 ? 'just now' : `${approximately(ms)} ago`}${from}`;
}

function time(ms: number | undefined): string | null {
  return ms === undefined || ms === 0 ? null : new Date(ms).toISOString();
}
