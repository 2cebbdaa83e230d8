import type { AuditDetail, AuditEntry } from '../store/audit-entry.ts';
import type { Finding } from './proof-memory.ts';
import type { Place } from './viewer.ts';

interface Shown {
  readonly kind: 'password' | 'machine';
  readonly place: Place;
  readonly address: string;
  readonly at: number;
}

const uses = { password: { action: 'password.use' }, machine: { action: 'machine-token.use' } } as const;
const refusals = {
  password: { action: 'password.refused' },
  machine: { action: 'machine-token.refused' },
} as const;

/** The line of the audit for what was found of a secret in an `Authorization` header: nothing of the secret itself. Undefined where nothing was. */
export function proofEntry(found: Finding, { kind, place, address, at }: Shown): AuditEntry | undefined {
  if (found.kind === 'busy') return undefined;
  const common = { at, address, target: place.env };
  if (found.kind === 'wrong') return { ...common, ...refusals[kind], result: 'refused' };
  const detail: AuditDetail = {
    ...(found.grantId !== undefined && { id: found.grantId }),
    ...(place.service !== undefined && { service: place.service }),
  };
  return { ...common, ...uses[kind], result: 'ok', detail };
}
