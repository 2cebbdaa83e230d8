import { fingerprint } from '../../core/fingerprint.ts';
import type { AuditDetail, AuditEntry } from '../store/audit-entry.ts';
import type { TargetReport } from './target-reports.ts';

/** What is noted of a report: who made it, and what it did to which target. */
export function reportEntry(
  { audit, now }: Pick<TargetReport, 'audit' | 'now'>,
  { action, target, detail }: { action: string; target: string; detail: AuditDetail },
): AuditEntry {
  return { at: now, ...audit, action, target, result: 'ok', detail };
}

/** What a machine shows, as it is noted. */
export function shownDetail({ hostKeys, machineKey }: Pick<TargetReport, 'hostKeys' | 'machineKey'>): {
  readonly hostKeys: readonly string[];
  readonly machineKey: string;
} {
  return { hostKeys: fingerprintsOf(hostKeys), machineKey };
}

export function fingerprintsOf(hostKeys: readonly string[]): readonly string[] {
  return hostKeys.map((line) => fingerprint(Buffer.from(line.slice(line.indexOf(' ') + 1), 'base64')));
}
