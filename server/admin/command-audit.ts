import type { CommandName } from '../../core/commands.ts';
import type { AuditDetail, AuditEntry } from '../store/audit-entry.ts';
import type { Call } from './answer.ts';

/** The line of the audit for what a command did; `detail.via` says what stood for the key, where it did not come with it. */
export function auditOf(
  { caller, now }: Pick<Call<unknown>, 'caller' | 'now'>,
  done: { readonly action: string; readonly target: string; readonly detail?: AuditDetail },
): AuditEntry {
  const { identity, address, via } = caller;
  const how = via && { via: `${via.kind} ${via.id}` };
  return {
    at: now,
    principal: identity.principal,
    fingerprint: identity.fingerprint,
    address,
    result: 'ok',
    ...done,
    ...(how && { detail: { ...done.detail, ...how } }),
  };
}

/** What the audit calls a command. `login` alone is a key that logged in. */
export function actionOf(name: CommandName): string {
  if (name === 'share') return 'share.create';
  if (name === 'api-token') return 'api-token.create';
  return name === 'login' ? 'login.link' : name.replaceAll(' ', '.');
}
