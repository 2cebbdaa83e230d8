import type { BookDraft } from './book-tables.ts';
import { add, conflict, known, remove, tooMany, update } from './table-changes.ts';
import type { BookChange } from './target-book.ts';
import type { GateKey, GateRecord } from './target-record.ts';

export type GateChange = Extract<
  BookChange,
  {
    readonly kind:
      | 'add-gate'
      | 'update-gate'
      | 'remove-gate'
      | 'add-gate-key'
      | 'remove-gate-key'
      | 'add-gate-target'
      | 'remove-gate-target';
  }
>;

export interface GateLimits {
  readonly gates: number;
  readonly keysPerGate: number;
  readonly targetsPerGate: number;
}

/** Notes what one change makes of a gate. */
export function changeGate(draft: BookDraft, change: GateChange, limits: GateLimits): void {
  const { gates } = draft;
  switch (change.kind) {
    case 'add-gate':
      addGate(draft, change.gate, limits);
      break;
    case 'update-gate':
      updateGate(draft, change);
      break;
    case 'remove-gate':
      if (known(gates, change.id, 'gate').isDefault)
        throw conflict('the default gate stays: everybody without one of their own comes in by it');
      remove(gates, change.id, 'gate');
      break;
    case 'add-gate-key':
      gates.put(withKey(known(gates, change.gate, 'gate'), change.key, limits));
      break;
    case 'remove-gate-key':
      gates.put(withoutKey(known(gates, change.gate, 'gate'), change.fingerprint));
      break;
    case 'add-gate-target':
      known(draft.targets, change.target, 'machine');
      gates.put(withTarget(known(gates, change.gate, 'gate'), change.target, limits));
      break;
    case 'remove-gate-target':
      gates.put(withoutTarget(known(gates, change.gate, 'gate'), change.target));
      break;
  }
}

function addGate({ gates, targets }: BookDraft, gate: GateRecord, limits: GateLimits): void {
  if (gates.size >= limits.gates)
    throw tooMany(`the gateway keeps ${String(limits.gates)} gates at most: remove some`);
  if (gate.isDefault) throw conflict('there is a default gate already');
  if (gate.keys !== 'any') refuseTooMany(gate, 'keys', gate.keys.length, limits.keysPerGate);
  if (gate.targets !== 'any') {
    refuseTooMany(gate, 'machines', gate.targets.length, limits.targetsPerGate);
    for (const id of gate.targets) known(targets, id, 'machine');
  }
  add(gates, gate, 'gate');
}

/** A list that is one already stays as it is. */
function updateGate({ gates }: BookDraft, change: Extract<GateChange, { kind: 'update-gate' }>): void {
  const gate = known(gates, change.id, 'gate');
  const { keys, targets, ...rest } = change.set;
  const lists = {
    ...(keys !== undefined && { keys: listOf(keys, gate.keys) }),
    ...(targets !== undefined && { targets: listOf(targets, gate.targets) }),
  };
  update(gates, { id: change.id, set: { ...rest, ...lists } }, 'gate');
}

function listOf<T>(wanted: 'any' | 'listed', before: 'any' | readonly T[]): 'any' | readonly T[] {
  if (wanted === 'any') return 'any';
  return before === 'any' ? [] : before;
}

function withKey(gate: GateRecord, key: GateKey, { keysPerGate }: GateLimits): GateRecord {
  const keys = listed(gate, 'keys', gate.keys);
  if (keys.some(({ fingerprint }) => fingerprint === key.fingerprint))
    throw conflict(`the gate ${gate.name} has this key already: ${key.fingerprint}`);
  refuseTooMany(gate, 'keys', keys.length + 1, keysPerGate);
  return { ...gate, keys: [...keys, key] };
}

function withoutKey(gate: GateRecord, fingerprint: string): GateRecord {
  const keys = listed(gate, 'keys', gate.keys);
  const left = keys.filter((key) => key.fingerprint !== fingerprint);
  if (left.length === keys.length) throw conflict(`the gate ${gate.name} has no key ${fingerprint}`);
  return { ...gate, keys: left };
}

function withTarget(gate: GateRecord, target: string, { targetsPerGate }: GateLimits): GateRecord {
  const targets = listed(gate, 'targets', gate.targets);
  if (targets.includes(target)) throw conflict(`the gate ${gate.name} has this machine already`);
  refuseTooMany(gate, 'machines', targets.length + 1, targetsPerGate);
  return { ...gate, targets: [...targets, target] };
}

function withoutTarget(gate: GateRecord, target: string): GateRecord {
  const targets = listed(gate, 'targets', gate.targets);
  if (!targets.includes(target)) throw conflict(`the gate ${gate.name} has no machine ${target}`);
  return { ...gate, targets: targets.filter((id) => id !== target) };
}

/** A gate for any has no list that one more, or one less, would make a difference to. */
function listed<T>({ name }: GateRecord, what: 'keys' | 'targets', list: 'any' | readonly T[]): readonly T[] {
  if (list !== 'any') return list;
  throw conflict(
    `the gate ${name} is for any of them, so it has no list: porthole gate set ${name} --${what} listed makes it one that has`,
  );
}

function refuseTooMany({ name }: GateRecord, what: string, count: number, max: number): void {
  if (count > max) throw tooMany(`the gate ${name} has ${String(max)} ${what} at most: take some out`);
}
