import { z } from 'zod';
import { isName } from '../../core/names.ts';
import { isGrantId } from '../access/record-ids.ts';
import { isTargetId } from '../targets/target-names.ts';
import type { GateKey, GateRecord } from '../targets/target-record.ts';
import { lineOfText, moment, withoutNull, wordsOf, type ReadRow } from './record-fields.ts';
import type { GateKeysTable, GatesTable, GateTargetsTable } from './tables.ts';

const anyOrListed = z.enum(['any', 'listed']);

const storedGate = z.object({
  id: z.string().refine(isGrantId),
  name: z.string().refine(isName),
  host: lineOfText.regex(/^[A-Za-z0-9.:-]{1,253}$/).nullable(),
  port: z.int().min(1).max(65_535).nullable(),
  keys: anyOrListed,
  targets: anyOrListed,
  is_default: z.union([z.literal(0), z.literal(1)]),
  created_at: moment,
  created_by: lineOfText,
});

const storedKey = z.object({
  fingerprint: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/),
  added_at: moment,
  added_by: lineOfText,
});

/** A gate with its lists, as they are in the database. */
export interface GateRows {
  readonly id: string;
  readonly gate: GatesTable;
  readonly keys: readonly GateKeysTable[];
  readonly targets: readonly GateTargetsTable[];
}

export function toGateRows(gate: GateRecord): GateRows {
  const { id, keys, targets } = gate;
  return {
    id,
    gate: {
      id,
      name: gate.name,
      host: gate.host ?? null,
      port: gate.port ?? null,
      keys: keys === 'any' ? 'any' : 'listed',
      targets: targets === 'any' ? 'any' : 'listed',
      is_default: gate.isDefault ? 1 : 0,
      created_at: Math.trunc(gate.createdAt),
      created_by: gate.createdBy,
    },
    keys: keys === 'any' ? [] : keys.map((key) => toGateKeyRow(id, key)),
    targets: targets === 'any' ? [] : targets.map((target, place) => ({ gate: id, target, place })),
  };
}

function toGateKeyRow(gate: string, { fingerprint, addedAt, addedBy }: GateKey): GateKeysTable {
  return { gate, fingerprint, added_at: Math.trunc(addedAt), added_by: addedBy };
}

/** What of its lists makes no sense lets nobody in. */
export function fromGateRows(rows: GateRows): ReadRow<GateRecord> {
  const parsed = storedGate.safeParse(rows.gate);
  if (!parsed.success) return { ok: false, problem: wordsOf(parsed.error) };
  const stored = parsed.data;
  return {
    ok: true,
    record: {
      id: stored.id,
      name: stored.name,
      keys: stored.keys === 'any' ? 'any' : rows.keys.flatMap(fromGateKeyRow),
      targets: stored.targets === 'any' ? 'any' : targetsOf(rows.targets),
      isDefault: stored.is_default === 1,
      createdAt: stored.created_at,
      createdBy: stored.created_by,
      ...withoutNull({ host: stored.host, port: stored.port }),
    },
  };
}

function fromGateKeyRow(row: unknown): GateKey[] {
  const { success, data } = storedKey.safeParse(row);
  return success ? [{ fingerprint: data.fingerprint, addedAt: data.added_at, addedBy: data.added_by }] : [];
}

function targetsOf(rows: readonly GateTargetsTable[]): readonly string[] {
  const inOrder = rows.toSorted((a, b) => a.place - b.place);
  return inOrder.map(({ target }) => target).filter(isTargetId);
}
