import { z } from 'zod';
import { isName, isServiceName } from '../../core/names.ts';
import { parseOsUser } from '../../core/os-user.ts';
import { publicKeyTypes } from '../../core/public-key.ts';
import { isTargetId } from '../targets/target-names.ts';
import { reaches, type TargetRecord } from '../targets/target-record.ts';
import {
  jsonOf,
  lineOfText,
  moment,
  withoutNull,
  wholeOrNull,
  wordsOf,
  type ReadRow,
} from './record-fields.ts';
import type { TargetsTable } from './tables.ts';

const maxHostKeys = 16;
const maxHostKeyLength = 8192;

const envName = z.string().refine(isName);
const fingerprint = z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/);
export const osUser = z.string().refine((text) => parseOsUser(text).ok, 'is no user name');
export const osUsers = jsonOf(z.array(osUser).max(1000));
export const services = jsonOf(z.array(z.string().refine(isServiceName)).max(1000));

/** Looked at closely when it came: that costs too much for all of them at each start. */
const hostKey = z
  .string()
  .max(maxHostKeyLength)
  .regex(/^[^ ]+ [A-Za-z0-9+/]+={0,2}$/)
  .refine((line) => publicKeyTypes.includes(line.slice(0, line.indexOf(' '))), 'is of an unknown type');
const hostKeys = z.array(hostKey).max(maxHostKeys);

const storedTarget = z.object({
  id: z.string().refine(isTargetId),
  name: envName,
  env: envName,
  owner: lineOfText.min(1),
  os_user: osUser.nullable(),
  host_keys: jsonOf(hostKeys),
  origin: z.enum(['reported', 'added']),
  machine_key: fingerprint.nullable(),
  unconfirmed: jsonOf(z.strictObject({ hostKeys, machineKey: fingerprint, at: moment })).nullable(),
  takes_certificates: z.union([z.literal(0), z.literal(1)]),
  os_users: osUsers,
  longest_certificate_ms: z.int().min(1).nullable(),
  reach: z.enum(reaches),
  services,
  created_at: moment,
  created_by: lineOfText,
  last_seen_at: moment.nullable(),
});

export function toTargetRow(target: TargetRecord): TargetsTable {
  const { unconfirmed } = target;
  return {
    id: target.id,
    name: target.name,
    env: target.env,
    owner: target.owner,
    os_user: target.osUser ?? null,
    host_keys: JSON.stringify(target.hostKeys),
    origin: target.origin,
    machine_key: target.machineKey ?? null,
    unconfirmed:
      unconfirmed === undefined ? null : JSON.stringify({ ...unconfirmed, at: Math.trunc(unconfirmed.at) }),
    takes_certificates: target.takesCertificates ? 1 : 0,
    os_users: JSON.stringify(target.osUsers),
    longest_certificate_ms: wholeOrNull(target.longestCertificateMs),
    reach: target.reach,
    services: JSON.stringify(target.services),
    created_at: Math.trunc(target.createdAt),
    created_by: target.createdBy,
    last_seen_at: wholeOrNull(target.lastSeenAt),
  };
}

export function fromTargetRow(row: unknown): ReadRow<TargetRecord> {
  const parsed = storedTarget.safeParse(row);
  if (!parsed.success) return { ok: false, problem: wordsOf(parsed.error) };
  const stored = parsed.data;
  return {
    ok: true,
    record: {
      id: stored.id,
      name: stored.name,
      env: stored.env,
      owner: stored.owner,
      hostKeys: stored.host_keys,
      origin: stored.origin,
      takesCertificates: stored.takes_certificates === 1,
      osUsers: stored.os_users,
      reach: stored.reach,
      services: stored.services,
      createdAt: stored.created_at,
      createdBy: stored.created_by,
      ...withoutNull({
        osUser: stored.os_user,
        machineKey: stored.machine_key,
        unconfirmed: stored.unconfirmed,
        longestCertificateMs: stored.longest_certificate_ms,
        lastSeenAt: stored.last_seen_at,
      }),
    },
  };
}
