import type { Insertable, Selectable } from 'kysely';
import { redact } from '../../core/redact.ts';
import type { AuditDetail, AuditEntry, AuditLine } from './audit-entry.ts';
import type { AuditTable } from './tables.ts';

const maxTextLength = 256;
const maxFacts = 16;
const maxListLength = 32;
const maxDetailLength = 4096;

/** An entry as a row: without secrets, bounded, and only with what SQLite gives back as it was. Never throws. */
export function toAuditRow(entry: AuditEntry): Insertable<AuditTable> {
  return {
    at: Number.isFinite(entry.at) ? Math.trunc(entry.at) : 0,
    principal: textOrNull(entry.principal),
    fingerprint: textOrNull(entry.fingerprint),
    address: textOrNull(entry.address),
    action: clean(entry.action),
    target: textOrNull(entry.target),
    result: entry.result,
    detail: detailText(entry.detail),
  };
}

/** A row as the line that it was. Facts that make no sense, which only another program can have written, are left out. */
export function fromAuditRow(row: Selectable<AuditTable>): AuditLine {
  const { id, at, action, result, principal, fingerprint, address, target } = row;
  const detail = readDetail(row.detail);
  return {
    id,
    at,
    ...(principal !== null && { principal }),
    ...(fingerprint !== null && { fingerprint }),
    ...(address !== null && { address }),
    action,
    ...(target !== null && { target }),
    result,
    ...(detail !== undefined && { detail }),
  };
}

function textOrNull(text: string | undefined): string | null {
  return text === undefined ? null : clean(text);
}

/** Secrets go before it is cut: half of one is a secret too. */
function clean(text: string): string {
  const redacted = String(redact(text.slice(0, maxDetailLength)));
  const cut = redacted.length > maxTextLength ? `${redacted.slice(0, maxTextLength - 1)}…` : redacted;
  return cut.replaceAll('\0', '\ufffd').toWellFormed();
}

/** The first facts that fit. */
function detailText(detail: AuditDetail | undefined): string | null {
  if (detail === undefined) return null;
  const first = Object.entries(detail).slice(0, maxFacts);
  const some = Object.fromEntries(first.map(([key, value]) => [key, bounded(value)]));
  const facts: [string, unknown][] = [];
  let length = 2;
  for (const [key, value] of Object.entries(redact(some) as AuditDetail)) {
    const fact: [string, unknown] = [clean(key), cleanFact(value)];
    length += JSON.stringify(fact).length;
    if (length > maxDetailLength) break;
    facts.push(fact);
  }
  return facts.length === 0 ? null : JSON.stringify(Object.fromEntries(facts));
}

function bounded(value: AuditDetail[string]): AuditDetail[string] {
  if (typeof value === 'string') return value.slice(0, maxDetailLength);
  return typeof value === 'object'
    ? value.slice(0, maxListLength).map((item) => item.slice(0, maxDetailLength))
    : value;
}

function cleanFact(value: AuditDetail[string]): unknown {
  if (typeof value === 'string') return clean(value);
  return typeof value === 'object' ? value.map(clean) : value;
}

function readDetail(text: string | null): AuditDetail | undefined {
  if (text === null) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isDetail(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isDetail(value: unknown): value is AuditDetail {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isFact)
  );
}

function isFact(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string');
  return ['string', 'number', 'boolean'].includes(typeof value);
}
