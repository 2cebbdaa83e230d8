import { formatTime } from '../../core/moment.ts';
import type { Identity } from '../identity/identity.ts';
import type { GateRecord } from '../targets/target-record.ts';
import type { GateServices } from './gate-services.ts';
import { isAtLeast } from './key-selection.ts';
import { facts } from './table.ts';

/** What is told of a gate beside its record. */
export interface GateMoment {
  /** Who asks. */
  readonly identity: Pick<Identity, 'fingerprint' | 'role'>;
  /** The gateway's own address, for a gate that has no other. */
  readonly own: { readonly host: string; readonly port: number };
}

export function gateMoment(
  { caller }: { readonly caller: { readonly identity: Identity } },
  { gateway }: Pick<GateServices, 'gateway'>,
): GateMoment {
  return { identity: caller.identity, own: gateway() };
}

/** A gate for programs. Which keys and which machines it is for is told by `gate keys` and `gate targets`, to administrators. */
export function gateJson(gate: GateRecord, moment: GateMoment): object {
  const { id, name, keys, targets, isDefault, createdAt, createdBy } = gate;
  return {
    id,
    name,
    default: isDefault,
    ...placeOf(gate, moment),
    ownAddress: gate.host === undefined && gate.port === undefined,
    keys: keys === 'any' ? 'any' : 'listed',
    keyCount: keys === 'any' ? null : keys.length,
    targets: targets === 'any' ? 'any' : 'listed',
    targetCount: targets === 'any' ? null : targets.length,
    mayUse: mayUse(gate, moment.identity),
    created: new Date(createdAt).toISOString(),
    createdBy,
  };
}

export const gateColumns = ['NAME', 'ADDRESS', 'KEYS', 'MACHINES', 'YOU'];

export function gateRow(gate: GateRecord, moment: GateMoment): string[] {
  const { host, port } = placeOf(gate, moment);
  return [
    `${gate.name}${gate.isDefault ? ' (default)' : ''}`,
    `${host}:${String(port)}`,
    countText(gate.keys),
    countText(gate.targets),
    mayUse(gate, moment.identity) ? 'may use it' : 'may not',
  ];
}

export function gateLines(gate: GateRecord, moment: GateMoment): string[] {
  const { host, port } = placeOf(gate, moment);
  return [
    gate.name,
    ...facts([
      ['id', gate.id],
      ['host', host],
      ['port', String(port)],
      ['default', gate.isDefault ? 'yes: for every other user name, too' : 'no'],
      ['keys', gate.keys === 'any' ? "any member's" : countText(gate.keys)],
      ['machines', countText(gate.targets)],
      ['you', mayUse(gate, moment.identity) ? 'may use it with this key' : 'may not use it with this key'],
      ['made', `${formatTime(gate.createdAt)} by ${gate.createdBy}`],
    ]),
  ];
}

/** What to know of a gate that lets nobody in, or leads nowhere. */
export function gateNotes({ name, keys, targets }: GateRecord): string[] {
  return [
    ...(keys !== 'any' && keys.length === 0
      ? [`nobody may use the gate ${name}: gate add-key ${name} KEY, or gate set ${name} --keys any`]
      : []),
    ...(targets !== 'any' && targets.length === 0
      ? [`the gate ${name} leads nowhere: gate add-target ${name} TARGET, or gate set ${name} --targets any`]
      : []),
  ];
}

function placeOf({ host, port }: GateRecord, { own }: GateMoment): { host: string; port: number } {
  return { host: host ?? own.host, port: port ?? own.port };
}

function mayUse({ keys }: GateRecord, { fingerprint, role }: GateMoment['identity']): boolean {
  if (!isAtLeast(role, 'member')) return false;
  return keys === 'any' || keys.some((key) => key.fingerprint === fingerprint);
}

function countText(list: 'any' | readonly unknown[]): string {
  return list === 'any' ? 'any' : `${String(list.length)} listed`;
}
