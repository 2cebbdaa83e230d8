import type { CommandValues } from '../../core/command-values.ts';
import { formatDeadline, formatTime, resolveExpiry } from '../../core/moment.ts';
import type { KeyChange, KeyRecord } from '../identity/key-record.ts';
import { isUsable } from '../identity/key-state.ts';
import type { AuditDetail } from '../store/audit-entry.ts';
import { answer, failed, notAllowed, wrongUsage, type Answer, type Call, type Handlers } from './answer.ts';
import { auditOf } from './command-audit.ts';
import { keyAddHandlers } from './key-add.ts';
import { keyCheckHandlers } from './key-check.ts';
import { keyListHandlers } from './key-list.ts';
import { keyJson } from './key-report.ts';
import { fullName, labelOf, selectStoredKey } from './key-selection.ts';
import type { KeyServices } from './key-services.ts';
import { beyondOwn } from './own-limits.ts';

type ChangeName = 'key rename' | 'key prefer' | 'key unprefer' | 'key expire' | 'key revoke' | 'key rm';
export type { KeyServices } from './key-services.ts';

export type KeyCommandName = ChangeName | 'key add' | 'key list' | 'key show' | 'key check';

type Expiring = Omit<KeyRecord, 'expiresAt'> & { readonly expiresAt: number | undefined };

/** What to do to a key, and what to say of it. */
interface Deed {
  readonly change: KeyChange;
  readonly detail?: AuditDetail;
  readonly said: string;
  readonly notes?: readonly string[];
}

/** The commands about keys, but those about accounts elsewhere. */
export function keyHandlers(services: KeyServices): Handlers<KeyCommandName> {
  return {
    ...keyAddHandlers(services),
    ...keyListHandlers(services),
    ...keyCheckHandlers,
    ...keyChangeHandlers(services),
  };
}

/** Each of them changes one key, which the caller must own unless they are an administrator. */
function keyChangeHandlers(services: KeyServices): Handlers<ChangeName> {
  const changing =
    <Values extends { readonly key: string }>(
      action: string,
      decide: (key: KeyRecord, call: Call<Values>) => Deed | Answer,
    ) =>
    async (call: Call<Values>): Promise<Answer> => {
      const selection = selectStoredKey(services, call.caller, call.values.key);
      const decision = selection.kind === 'refused' ? selection.answer : decide(selection.key, call);
      if (selection.kind === 'found' && 'change' in decision)
        return doIt(services, call, { key: selection.key, action, ...decision });
      services.audit.record({ ...auditOf(call, { action, target: call.values.key }), result: 'refused' });
      return decision as Answer;
    };
  return {
    'key rename': changing('key.rename', (key, { values: { name } }) => ({
      change: { kind: 'update', fingerprint: key.fingerprint, set: { name } },
      detail: { name },
      said: `${labelOf(key)} is called ${name} now`,
    })),
    'key prefer': changing('key.prefer', (key) => ({
      change: { kind: 'prefer', fingerprint: key.fingerprint },
      said: `${labelOf(key)} is the preferred key of ${key.principal} now`,
    })),
    'key unprefer': changing('key.unprefer', (key) => ({
      change: { kind: 'unprefer', fingerprint: key.fingerprint },
      said: `${labelOf(key)} is not preferred`,
    })),
    'key expire': changing('key.expire', (key, call) => expire(services, key, call)),
    'key revoke': changing('key.revoke', revoke),
    'key rm': changing('key.rm', (key, call) => remove(services, key, call)),
  };
}

async function doIt(
  { keys, unusedAfterMs }: KeyServices,
  call: Call<unknown>,
  { key, change, action, detail, said, notes = [] }: Deed & { key: KeyRecord; action: string },
): Promise<Answer> {
  const facts = { subject: key.fingerprint, ...detail };
  await keys.change([change], auditOf(call, { action, target: fullName(key), detail: facts }));
  const after = keys.byFingerprint(key.fingerprint);
  const moment = { now: call.now, unusedAfterMs };
  const value = after === undefined ? { ...keyJson(key, moment), removed: true } : keyJson(after, moment);
  return answer(value, [said], notes);
}

function expire(
  services: KeyServices,
  key: KeyRecord,
  { caller, values, now }: Call<CommandValues['key expire']>,
): Deed | Answer {
  const expiry = resolveExpiry(values.when, now);
  if (!expiry.ok) return wrongUsage(`WHEN: ${expiry.problem}`);
  const expiresAt = expiry.value;
  const isLater = (expiresAt ?? Infinity) > (key.expiresAt ?? Infinity);
  const beyond = isLater ? beyondOwn(caller.identity, { ...key, expiresAt }) : undefined;
  if (beyond !== undefined) return notAllowed(beyond);
  return {
    change: { kind: 'update', fingerprint: key.fingerprint, set: { expiresAt: expiresAt ?? null } },
    detail: { expires: expiresAt === undefined ? 'never' : new Date(expiresAt).toISOString() },
    said: `${labelOf(key)} ${expiryText(expiresAt, now)}`,
    notes: expiryNotes(services, { ...key, expiresAt }, now),
  };
}

function expiryNotes(services: KeyServices, key: Expiring, now: number): string[] {
  if (key.revokedAt !== undefined) return ['it was revoked, and stays so'];
  const { expiresAt = Infinity } = key;
  const outlives = (other: KeyRecord): boolean =>
    other.role === 'admin' &&
    other.fingerprint !== key.fingerprint &&
    isUsable(other, Math.max(now, expiresAt));
  if (key.role !== 'admin' || expiresAt === Infinity) return [];
  if ([...services.keys.all(), ...services.fileKeys()].some(outlives)) return [];
  return [
    'no other key of an admin is good for longer: after that, only the operator can let anybody manage this gateway',
  ];
}

function expiryText(at: number | undefined, now: number): string {
  if (at === undefined) return 'never expires';
  return at <= now ? 'has expired: what it had open ends' : `expires ${formatDeadline(at, now)}`;
}

function revoke(
  key: KeyRecord,
  { values: { reason }, caller, now }: Call<CommandValues['key revoke']>,
): Deed | Answer {
  if (key.revokedAt !== undefined)
    return failed(`${labelOf(key)} was revoked ${formatTime(key.revokedAt)} already`);
  return {
    change: {
      kind: 'revoke',
      fingerprint: key.fingerprint,
      reason: reason ?? '',
      at: now,
    },
    ...(reason !== undefined && { detail: { reason } }),
    said: `${labelOf(key)} is revoked: what it had open ends, and it cannot dial in again`,
    notes:
      caller.identity.fingerprint === key.fingerprint ? ['it is the key that you are logged in with'] : [],
  };
}

/** A key that is forgotten might come back, with more than it had: by `key add`, or because it is in the operator's file. */
function remove(
  { fileKeys }: KeyServices,
  key: KeyRecord,
  { caller, now }: Call<CommandValues['key rm']>,
): Deed | Answer {
  const isAdmin = caller.identity.role === 'admin';
  if (key.revokedAt !== undefined && !isAdmin)
    return notAllowed(`${labelOf(key)} was revoked; only an administrator can make the gateway forget that`);
  const inFile = [...fileKeys()].some(({ fingerprint }) => fingerprint === key.fingerprint);
  if (inFile && !isAdmin)
    return notAllowed(
      `${labelOf(key)} is in the gateway's file of authorized keys too, which may say more; ask an administrator`,
    );
  return {
    change: { kind: 'remove', fingerprint: key.fingerprint },
    detail: { state: isUsable(key, now) ? 'usable' : 'spent' },
    said: `removed ${labelOf(key)}`,
    notes: inFile
      ? ["the gateway's file of authorized keys has it too, and says from now on what it may"]
      : [],
  };
}
