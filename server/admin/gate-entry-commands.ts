import type { CommandValues } from '../../core/command-values.ts';
import { formatTime } from '../../core/moment.ts';
import type { KeyRecord } from '../identity/key-record.ts';
import { isUsable } from '../identity/key-state.ts';
import type { AuditDetail } from '../store/audit-entry.ts';
import type { BookChange } from '../targets/target-book.ts';
import { findTarget } from '../targets/target-names.ts';
import type { GateKey, GateRecord, TargetRecord } from '../targets/target-record.ts';
import { answer, failed, type Answer, type Call, type Handlers } from './answer.ts';
import { auditOf } from './command-audit.ts';
import { gateNotes } from './gate-facts.ts';
import type { GateServices } from './gate-services.ts';
import { knownGate } from './known-gate.ts';
import { labelOf, selectKey } from './key-selection.ts';
import { table } from './table.ts';

type EntryCommand =
  'gate keys' | 'gate add-key' | 'gate rm-key' | 'gate targets' | 'gate add-target' | 'gate rm-target';

/** What a gate is for: its keys and its machines. For administrators. */
export function gateEntryHandlers(services: GateServices): Handlers<EntryCommand> {
  return {
    'gate keys': (call) => Promise.resolve(keys(call, services)),
    'gate add-key': (call) => addKey(call, services),
    'gate rm-key': (call) => removeKey(call, services),
    'gate targets': (call) => Promise.resolve(targets(call, services)),
    'gate add-target': (call) => addTarget(call, services),
    'gate rm-target': (call) => removeTarget(call, services),
  };
}

function keys(call: Call<CommandValues['gate keys']>, services: GateServices): Answer {
  const gate = knownGate(services.book, call.values.gate);
  if ('kind' in gate) return gate;
  if (gate.keys === 'any')
    return answer({ gate: gate.name, keys: 'any' }, [`any key of a member may use the gate ${gate.name}`]);
  const listed = gate.keys.map((entry) => ({ entry, key: keyOf(services, entry.fingerprint) }));
  const rows = listed.map(({ entry, key }) => [
    key === undefined ? '(gone)' : labelOf(key),
    stateText(key, call.now),
    entry.fingerprint,
    `${formatTime(entry.addedAt)} by ${entry.addedBy}`,
  ]);
  return answer(
    { gate: gate.name, keys: listed.map(({ entry, key }) => keyJson(entry, key, call.now)) },
    rows.length === 0 ? [] : table([['KEY', 'STATE', 'FINGERPRINT', 'ADDED'], ...rows]),
    rows.length === 0 ? gateNotes(gate).slice(0, 1) : [],
  );
}

async function addKey(call: Call<CommandValues['gate add-key']>, services: GateServices): Promise<Answer> {
  const { caller, values, now } = call;
  const gate = knownGate(services.book, values.gate);
  if ('kind' in gate) return gate;
  const found = keyMeant(call, services);
  if ('kind' in found) return found;
  const { fingerprint, key } = found;
  const entry: GateKey = { fingerprint, addedAt: now, addedBy: caller.identity.principal };
  await commit(call, services, {
    gate,
    change: { kind: 'add-gate-key', gate: gate.id, key: entry },
    action: 'gate.add-key',
    detail: { key: fingerprint },
  });
  return answer(
    { gate: gate.name, key: keyJson(entry, key, now) },
    [`${nameOf(found)} may use the gate ${gate.name} now`],
    keyNotes(key, now),
  );
}

async function removeKey(call: Call<CommandValues['gate rm-key']>, services: GateServices): Promise<Answer> {
  const { values } = call;
  const gate = knownGate(services.book, values.gate);
  if ('kind' in gate) return gate;
  const found = keyMeant(call, services, gate);
  if ('kind' in found) return found;
  const { fingerprint } = found;
  await commit(call, services, {
    gate,
    change: { kind: 'remove-gate-key', gate: gate.id, fingerprint },
    action: 'gate.rm-key',
    detail: { key: fingerprint },
  });
  return answer(
    { gate: gate.name, fingerprint, removed: true },
    [`${nameOf(found)} may not use the gate ${gate.name} any more: what it has open there ends`],
    gateNotes(services.book.gate(gate.id) ?? gate).filter((note) => note.startsWith('nobody')),
  );
}

function targets(call: Call<CommandValues['gate targets']>, services: GateServices): Answer {
  const { book, isOnline } = services;
  const gate = knownGate(book, call.values.gate);
  if ('kind' in gate) return gate;
  if (gate.targets === 'any')
    return answer({ gate: gate.name, targets: 'any' }, [`the gate ${gate.name} leads to every machine`]);
  const listed = gate.targets.flatMap((id) => book.target(id) ?? []);
  const state = (target: TargetRecord): string => (isOnline(target) ? 'online' : 'offline');
  const rows = listed.map((target) => [target.name, target.env, target.owner, state(target), target.id]);
  return answer(
    {
      gate: gate.name,
      targets: listed.map((target) => {
        const { id, name, env, owner } = target;
        return { id, name, env, owner, state: state(target) };
      }),
    },
    rows.length === 0 ? [] : table([['NAME', 'ENV', 'OWNER', 'STATE', 'UUID'], ...rows]),
    rows.length === 0 ? [`the gate ${gate.name} leads nowhere: gate add-target ${gate.name} TARGET`] : [],
  );
}

async function addTarget(
  call: Call<CommandValues['gate add-target']>,
  services: GateServices,
): Promise<Answer> {
  const found = await changeTarget(call, services, 'add');
  if ('kind' in found) return found;
  const { gate, target } = found;
  return answer({ gate: gate.name, target: { id: target.id, name: target.name } }, [
    `the gate ${gate.name} leads to ${target.name} now`,
  ]);
}

async function removeTarget(
  call: Call<CommandValues['gate rm-target']>,
  services: GateServices,
): Promise<Answer> {
  const found = await changeTarget(call, services, 'remove');
  if ('kind' in found) return found;
  const { gate, target } = found;
  return answer({ gate: gate.name, target: { id: target.id, name: target.name }, removed: true }, [
    `the gate ${gate.name} does not lead to ${target.name} any more: what is open there ends`,
  ]);
}

function commit(
  call: Call<unknown>,
  { book }: GateServices,
  {
    gate,
    change,
    action,
    detail,
  }: {
    readonly gate: GateRecord;
    readonly change: BookChange;
    readonly action: string;
    readonly detail: AuditDetail;
  },
): Promise<void> {
  return book.change([change], auditOf(call, { action, target: gate.name, detail }));
}

/** Puts a machine on a gate's list, or takes it off. */
async function changeTarget(
  call: Call<{ readonly gate: string; readonly target: string }>,
  services: GateServices,
  how: 'add' | 'remove',
): Promise<{ readonly gate: GateRecord; readonly target: TargetRecord } | Answer> {
  const { book } = services;
  const gate = knownGate(book, call.values.gate);
  if ('kind' in gate) return gate;
  const target = findTarget(book, call.values.target);
  if (target === undefined) return failed(`there is no machine ${call.values.target}`);
  await commit(call, services, {
    gate,
    change: { kind: `${how}-gate-target`, gate: gate.id, target: target.id },
    action: how === 'add' ? 'gate.add-target' : 'gate.rm-target',
    detail: { machine: target.name, id: target.id },
  });
  return { gate, target };
}

interface MeantKey {
  readonly fingerprint: string;
  /** Undefined for one that is not known, or gone. */
  readonly key: KeyRecord | undefined;
}

/** A key as `key show` finds it; else by its whole fingerprint, for it may be gone, or come in a certificate only. */
function keyMeant(
  { caller, values: { key: text } }: Call<{ readonly key: string }>,
  services: GateServices,
  among?: GateRecord,
): MeantKey | Answer {
  const print = text.startsWith('SHA256:') ? text : `SHA256:${text}`;
  const listed = among === undefined || among.keys === 'any' ? [] : among.keys;
  const there = listed.find(({ fingerprint }) => fingerprint === print);
  if (there !== undefined) return { fingerprint: print, key: keyOf(services, print) };
  const selection = selectKey(services, caller, text);
  if (selection.kind === 'found') return { fingerprint: selection.key.fingerprint, key: selection.key };
  return /^SHA256:[A-Za-z0-9+/]{43}$/.test(print) ? { fingerprint: print, key: undefined } : selection.answer;
}

function keyOf({ keys: stored, fileKeys }: GateServices, print: string): KeyRecord | undefined {
  return stored.byFingerprint(print) ?? [...fileKeys()].find(({ fingerprint }) => fingerprint === print);
}

function nameOf({ fingerprint, key }: MeantKey): string {
  return key === undefined ? fingerprint : labelOf(key);
}

function keyNotes(key: KeyRecord | undefined, now: number): string[] {
  if (key === undefined)
    return ['no key with this fingerprint is known here: it counts when it comes in a certificate'];
  if (!isUsable(key, now)) return [`${labelOf(key)} is revoked or has expired, and logs nobody in`];
  return key.role === 'machine' ? [`${labelOf(key)} is a machine's: it does not pass any gate`] : [];
}

function stateText(key: KeyRecord | undefined, now: number): string {
  if (key === undefined) return '-';
  return isUsable(key, now) ? key.role : 'spent';
}

function keyJson(
  { fingerprint, addedAt, addedBy }: GateKey,
  key: KeyRecord | undefined,
  now: number,
): object {
  return {
    fingerprint,
    principal: key?.principal ?? null,
    name: key?.name ?? null,
    role: key?.role ?? null,
    usable: key !== undefined && isUsable(key, now),
    known: key !== undefined,
    added: new Date(addedAt).toISOString(),
    addedBy,
  };
}
