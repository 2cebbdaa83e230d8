import { fingerprint } from '../../core/fingerprint.ts';
import { approximately, formatTime } from '../../core/moment.ts';
import { formatDuration } from '../../core/units.ts';
import type { GateRecord, TargetRecord } from '../targets/target-record.ts';
import { facts, short } from './table.ts';

/** What is told of a machine beside its record. */
export interface TargetMoment {
  readonly online: boolean;
  /** Who asks. */
  readonly principal: string;
  /** Names of the gates that lead to it. */
  readonly gates: readonly string[];
  readonly now: number;
}

/** The fingerprint of a host key's line, as OpenSSH prints it. */
export function hostKeyFingerprint(line: string): string {
  return fingerprint(Buffer.from(line.split(' ')[1] ?? '', 'base64'));
}

/** `SHA256:... (ED25519)`. */
export function hostKeyText(line: string): string {
  const [type = ''] = line.split(' ', 1);
  const family = /ed25519|ecdsa|rsa/.exec(type)?.[0] ?? type;
  return `${hostKeyFingerprint(line)} (${family.toUpperCase()})`;
}

/** Names of the gates that lead to a machine. */
export function gatesTo({ id }: Pick<TargetRecord, 'id'>, gates: Iterable<GateRecord>): string[] {
  return [...gates]
    .filter(({ targets }) => targets === 'any' || targets.includes(id))
    .map(({ name }) => name)
    .sort();
}

/** The red warning about a machine that says other things of itself than what is pinned; undefined where all is as it was. */
export function warningOf({ name, hostKeys, machineKey, unconfirmed }: TargetRecord): string | undefined {
  if (unconfirmed === undefined) return undefined;
  const foreign = unconfirmed.hostKeys.filter((line) => !hostKeys.includes(line));
  const changed = [
    ...(foreign.length > 0
      ? [`shows host keys that nobody has confirmed: ${foreign.map(hostKeyText).join(', ')}`]
      : []),
    ...(unconfirmed.machineKey === machineKey
      ? []
      : [`dials in with another key than before: ${unconfirmed.machineKey}`]),
  ];
  const what = changed.length > 0 ? changed.join('; and it ') : 'says other things of itself than before';
  return `WARNING: since ${formatTime(unconfirmed.at)} ${name} ${what}. It may be another machine. If it is the right one: target trust ${name}`;
}

/** A machine for programs: every field, times in ISO 8601, `null` for what is not. */
export function targetJson(target: TargetRecord, { online, principal, gates, now }: TargetMoment): object {
  const { id, name, env, owner, unconfirmed } = target;
  return {
    id,
    name,
    env,
    owner,
    own: owner === principal,
    osUser: target.osUser ?? null,
    state: online ? 'online' : 'offline',
    lastSeen: online ? iso(now) : isoOrNull(target.lastSeenAt),
    origin: target.origin,
    hostKeys: target.hostKeys,
    fingerprints: target.hostKeys.map(hostKeyFingerprint),
    machineKey: target.machineKey ?? null,
    unconfirmed:
      unconfirmed === undefined
        ? null
        : {
            since: iso(unconfirmed.at),
            hostKeys: unconfirmed.hostKeys,
            fingerprints: unconfirmed.hostKeys.map(hostKeyFingerprint),
            machineKey: unconfirmed.machineKey,
          },
    warning: warningOf(target) ?? null,
    certificates: target.takesCertificates,
    certificateUsers: target.osUsers,
    longestCertificate:
      target.longestCertificateMs === undefined ? null : formatDuration(target.longestCertificateMs),
    reach: target.reach,
    services: target.services,
    gates,
    created: iso(target.createdAt),
    createdBy: target.createdBy,
  };
}

export const targetColumns = ['NAME', 'ENV', 'OWNER', 'OS USER', 'STATE', 'CERTIFICATES', 'REACH', 'UUID'];

/** One row of them. An exclamation mark stands where something has to be confirmed. */
export function targetRow(target: TargetRecord, moment: TargetMoment): string[] {
  return [
    target.name,
    target.env,
    target.owner === moment.principal ? 'you' : short(target.owner),
    target.osUser ?? '-',
    `${stateText(target, moment)}${target.unconfirmed === undefined ? '' : ', unconfirmed!'}`,
    target.takesCertificates ? 'yes' : 'no',
    target.reach,
    target.id,
  ];
}

/** All that is known of a machine, for people. */
export function targetLines(target: TargetRecord, moment: TargetMoment): string[] {
  const { unconfirmed } = target;
  return [
    target.name,
    ...facts([
      ['uuid', target.id],
      ['env', target.env],
      ['owner', target.owner],
      ['os user', target.osUser],
      ['state', stateText(target, moment)],
      ...labelled('host key', target.hostKeys.map(hostKeyText)),
      ...labelled('unconfirmed', (unconfirmed?.hostKeys ?? []).map(hostKeyText)),
      ['machine key', target.machineKey],
      ['certificates', certificatesText(target)],
      ['reach', reachText[target.reach]],
      ['services', target.services.length === 0 ? 'all' : target.services.join(', ')],
      ['gates', moment.gates.length === 0 ? 'none' : moment.gates.join(', ')],
      ['added', `${formatTime(target.createdAt)} by ${target.createdBy}${originText[target.origin]}`],
    ]),
  ];
}

const reachText: Readonly<Record<TargetRecord['reach'], string>> = {
  members: 'members, by the patterns of their keys, and whoever has a grant',
  grants: 'whoever has a grant',
  owner: 'its owner alone',
};
const originText: Readonly<Record<TargetRecord['origin'], string>> = {
  reported: ', as it said itself',
  added: ', by hand',
};

function labelled(label: string, values: readonly string[]): (readonly [string, string])[] {
  return values.map((value, at) => [at === 0 ? label : '', value] as const);
}

function certificatesText({ takesCertificates, osUsers, longestCertificateMs }: TargetRecord): string {
  if (!takesCertificates) return 'no';
  const users = osUsers.length === 0 ? '' : ` for ${osUsers.join(', ')}`;
  const most =
    longestCertificateMs === undefined ? '' : `, of ${formatDuration(longestCertificateMs)} at most`;
  return `yes${users}${most}`;
}

function stateText({ lastSeenAt }: TargetRecord, { online, now }: TargetMoment): string {
  if (online) return 'online';
  if (lastSeenAt === undefined) return 'never online';
  return `offline, seen ${approximately(Math.max(0, now - lastSeenAt))} ago`;
}

function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : iso(ms);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
